# Sourced by every script here: where things are, which version this is, and the one date that all files get.
#
# Hazard: whatever depends on the day, the user's settings or the order of a folder makes two builds of one source differ.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/windows/toolchain.sh
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# Whoever publishes the packages says who answers for them.
MAINTAINER=${SHARELOCK_MAINTAINER:-Sharelock authors <authors@sharelock.invalid>}
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y docs/CHANGELOG.md)}"
export VERSION MAINTAINER SOURCE_DATE_EPOCH
OUT=$PWD/target/installers
mkdir -p "$OUT"

die() {
    echo "$0: $*" >&2
    exit 1
}

# Gives every file below $1 the one date.
date_all() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# Copies one file to where it belongs, readable for all: put FILE DESTINATION [MODE]
put() { install -D -m "${3:-644}" "$1" "$2"; }
