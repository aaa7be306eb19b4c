# Sourced by the scripts of the suites, the installers and .ci/run: packages, other targets' compilers, stages with their times.
#
# The ordinary toolchain builds for this machine only. Debian's `rustc-web` comes with the source of the standard library, so
# that it can be built for any other target. Hazard: the two compilers must never share a target folder or find each other
# through PATH, hence `foreign_toolchain`.

# Is this suite wanted? SHARELOCK_SUITES names some (or `all`); a CI run means all of them.
wanted() {
    [ "${CI:-}" = true ] && return 0
    case " $(printf %s "${SHARELOCK_SUITES:-}" | tr ',;' '  ') " in
    *" $1 "* | *" all "*) return 0 ;;
    *) return 1 ;;
    esac
}

# Installs the Debian packages named that are not there yet.
need_packages() {
    local package missing=() become=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then become=(sudo -n); fi
    echo "installing ${missing[*]}"
    # An index that is an hour old names versions that the mirror has dropped: always ask again first.
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Runs cargo so that its programs need nothing of the machine they run on: static_cargo build …
#
# The flags are for this target alone: build scripts and procedural macros are ordinary programs. Random numbers come from the kernel
# (Linux 3.17): a static program cannot look for the C library's function, and would want /dev/urandom instead.
STATIC_TARGET=x86_64-unknown-linux-gnu
static_cargo() {
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS='-Ctarget-feature=+crt-static --cfg getrandom_backend="linux_getrandom"' \
        cargo "$1" --locked --target "$STATIC_TARGET" "${@:2}"
}

# Builds the static programs that tests try, below target/static: the program, and the conformance suite.
static_for_tests() {
    # What every start and every look runs through is a little optimised: emulated machines multiply what a debug build wastes (measured:
    # a turn of `run` takes twice as long without). The other libraries would only take longer to build.
    local package hot=()
    for package in chrono clap_builder clap_lex crc32fast memchr serde_core serde_json strsim toml toml_parser unicode-normalization; do
        hot+=(--config "profile.test.package.$package.opt-level=1")
    done
    CARGO_TARGET_DIR=target/static CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 static_cargo test --test conformance --no-run \
        "${hot[@]}" "$@"
}

# Makes Debian's compiler the only one; $1 is the target folder, which must be this toolchain's own.
foreign_toolchain() {
    # A standard library built from source is an unstable feature; this compiler is one release behind no nightly.
    export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$1"
    unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_TARGET
    # Debug information and incremental files double the time and the disk, and nobody debugs here.
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_TERM_COLOR=never
    STD=(-Zbuild-std=std,panic_abort,panic_unwind)
    # `cargo clippy` looks into ~/.cargo/bin before PATH and would find the other toolchain's.
    CLIPPY=(/usr/bin/cargo-clippy clippy)
}

stages=()
failed=0

# Runs one stage: stage NAME SECONDS COMMAND… A failing stage is remembered and the others still run, so that one log shows all.
stage() {
    local name=$1 limit=$2 begun=$SECONDS code=0 result spent
    shift 2
    echo
    echo "=== $name"
    timeout --kill-after=20 "$limit" "$@" </dev/null || code=$?
    case $code in
    0) result=ok ;;
    124 | 137) result="FAILED: longer than $limit s" ;;
    *) result="FAILED: exit code $code" ;;
    esac
    [ $code -eq 0 ] || failed=1
    spent=$((SECONDS - begun))
    stages+=("$(printf '%-34s %4d.%d min  %s' "$name" $((spent / 60)) $((spent % 60 / 6)) "$result")")
    echo "stage ${stages[-1]}"
}

# Prints the table of all stages and ends with 1 if any of them failed.
finish() {
    echo
    echo "=== $1: stages"
    printf '%s\n' "${stages[@]}"
    printf '%-34s %4d.%d min  %s\n' "all of $1" $((SECONDS / 60)) $((SECONDS % 60 / 6)) "$([ $failed -eq 0 ] && echo ok || echo FAILED)"
    exit $failed
}
