#!/usr/bin/env bash
# Builds what the machines of the lab boot: a kernel, a first file system, and one read-only image for all of them.
#
#   image.sh FOLDER
#
# Everything comes from this computer's own Debian sources. The packages of the machines are unpacked into a folder, never
# installed here: no file server starts on this computer.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
mkdir -p "$out/packages/partial" "$out/kernel"
out=$(cd "$out" && pwd)
inside=(samba samba-common-bin cifs-utils nfs-kernel-server nfs-common rpcbind keyutils busybox-static kmod iproute2 strace
    python3-minimal nodejs liblockfile-bin)

# Asked for with an empty list of what is installed, so that everything needed comes along.
fetch() {
    : >"$out/nothing-installed"
    # The listing is an hour old at most: the run just updated it or installed packages with it.
    apt-get install -qq -y --download-only --no-install-recommends -o Dir::State::status="$out/nothing-installed" \
        -o Dir::Cache::archives="$out/packages" -o APT::Keep-Downloaded-Packages=1 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        "${inside[@]}"
    # By itself: what the kernel package needs is for a computer that installs it.
    local kernel
    kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:.*linux-image-/ { print $2; exit }')
    (cd "$out/packages" && apt-get download -qq -o APT::Sandbox::User=root "$kernel")
}

unpack() {
    rm -rf "$root"
    mkdir -p "$root"/usr/{bin,sbin,lib,lib32,lib64}
    for folder in bin sbin lib lib32 lib64; do ln -s usr/$folder "$root/$folder"; done
    ls "$out"/packages/*.deb | grep -v '/linux-image-' | xargs -P 4 -I {} sh -c \
        'dpkg-deb --fsys-tarfile {} | tar x --keep-directory-symlink --exclude=./usr/share/doc --exclude=./usr/share/man \
            --exclude=./usr/share/locale --exclude=./usr/include -C "$0"' "$root"
    dpkg-deb --fsys-tarfile "$out"/packages/linux-image-*.deb | tar x -C "$out/kernel"
}

# Scripts that packages would have run: users, names, library paths, kernel modules.
configure() {
    cd "$root"
    mkdir -p proc sys dev tmp run var/lib/nfs var/lib/samba var/log etc/samba mnt srv home
    for applet in $(usr/bin/busybox --list); do
        [ -e usr/bin/$applet ] || [ -e usr/sbin/$applet ] || ln -s busybox usr/bin/$applet
    done
    ln -sf busybox usr/bin/sh
    ln -sf python3.11 usr/bin/python3 2>/dev/null || true
    cat >etc/passwd <<'END'
root:x:0:0:root:/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
statd:x:100:65534::/var/lib/nfs:/bin/false
_rpc:x:101:65534::/run/rpcbind:/bin/false
ana:x:1001:1001:Ana:/home/1001:/bin/sh
bob:x:1002:1002:Bob:/home/1002:/bin/sh
cyd:x:1003:1003:Cyd:/home/1003:/bin/sh
END
    printf '%s\n' root:x:0: nogroup:x:65534: ana:x:1001: bob:x:1002: cyd:x:1003: office:x:2000:ana,bob,cyd >etc/group
    for database in passwd group hosts services protocols rpc netgroup; do echo "$database: files"; done >etc/nsswitch.conf
    printf '%s\n' '127.0.0.1 localhost' '10.0.1.1 srv' '10.0.1.2 A' '10.0.2.2 B' '10.0.3.2 C' >etc/hosts
    ln -sf /proc/mounts etc/mtab
    echo /usr/lib/x86_64-linux-gnu >etc/ld.so.conf
    cp "$here/guest/smb.conf" etc/samba/smb.conf
    install -m 755 "$here/guest/lab-init" "$here/guest/serve" usr/sbin/
    gcc -O2 -Wall -static -o usr/sbin/agent "$here/guest/agent.c"
    gcc -O2 -Wall -static -o usr/bin/turn "$here/guest/turn.c"
    ldconfig -r "$root" 2>/dev/null || true
    modules
}

modules() {
    local wanted=(fs/nfs fs/nfsd fs/nfs_common fs/lockd fs/smb fs/netfs fs/fscache fs/overlayfs fs/nls net/sunrpc net/dns_resolver
        net/core net/sched drivers/net/virtio_net.ko drivers/net/net_failover.ko drivers/virtio drivers/block/virtio_blk.ko
        drivers/char/virtio_console.ko drivers/char/hw_random crypto arch/x86/crypto lib) folder
    mkdir -p "usr/lib/modules/$version/kernel"
    for folder in "${wanted[@]}"; do
        [ -e "$kernel/kernel/$folder" ] || continue
        mkdir -p "usr/lib/modules/$version/kernel/$(dirname "$folder")"
        cp -a "$kernel/kernel/$folder" "usr/lib/modules/$version/kernel/$(dirname "$folder")/"
    done
    cp "$kernel"/modules.{builtin,order,builtin.modinfo} "usr/lib/modules/$version/"
    depmod -b "$root" "$version"
}

first_file_system() {
    local first="$out/first" module
    rm -rf "$first"
    mkdir -p "$first"/{bin,modules,system,dev}
    cp "$root/usr/bin/busybox" "$first/bin/"
    install -m 755 "$here/guest/early-init" "$first/init"
    for module in virtio/virtio virtio/virtio_ring virtio/virtio_pci_modern_dev virtio/virtio_pci_legacy_dev virtio/virtio_pci \
        block/virtio_blk; do
        [ ! -e "$kernel/kernel/drivers/$module.ko" ] || cp "$kernel/kernel/drivers/$module.ko" "$first/modules/"
    done
    cp "$kernel/kernel/fs/overlayfs/overlay.ko" "$first/modules/"
    (cd "$first" && find . | cpio -o -H newc --quiet) >"$out/initrd"
}

root="$out/root"
fetch
unpack
version=$(ls "$out/kernel/lib/modules")
kernel="$out/kernel/lib/modules/$version"
(configure)
first_file_system
cp "$out/kernel/boot/vmlinuz-$version" "$out/vmlinuz"
rm -f "$out/image"
/sbin/mkfs.ext4 -q -O ^has_journal -m 0 -d "$root" "$out/image" $(($(du -sm "$root" | cut -f1) * 12 / 10 + 64))M
gcc -O1 -Wall -o "$out/rate" "$here/guest/rate.c"
"$out/rate" >"$out/khz"
rm -rf "$root" "$out/kernel" "$out/first"
du -sh "$out/image" "$out/packages" | tr '\n' ' '
echo
