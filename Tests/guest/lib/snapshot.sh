# shellcheck shell=bash
# Booted guests, saved: what every use of a guest begins with. Needs all the other parts.

boot_tar() {
    tar -cf "$1" --owner=0 --group=0 -C "$here/rootfs" .
    tar -rf "$1" --owner=0 --group=0 -C "$kernel/modules" .
    truncate -s 1G "$1"
}

make_snapshot() {
    local out=$1
    compile_support "$out/init" "$here/support/init.c"
    python3 -B "$here/lib/initramfs.py" "$out/initramfs" "$out/init" "$kernel/virtio_blk.ko"
    rm "$out/init"
    boot_tar "$out/boot.tar"
    # QEMU keeps the backing file's path: the disk's folder is renamed, the root image's is not
    python3 -B "$here/lib/vm.py" snapshot --cache "$cache" --emulator "$emulator" --kernel "$kernel" \
        --initramfs "$out/initramfs" --flavour "$flavour" --clock "$clock" --pace "$UBLKD_PACE" \
        --root "$root_disk" --inbox "$out/boot.tar" --out "$out"
    rm "$out/boot.tar"
}

# need_snapshot KERNEL FLAVOUR CLOCK: makes sure of it and of all that it is made of; sets snapshot and
# machine_options.
need_snapshot() {
    local flavour=$2 clock=$3 name
    need_packages 'the guests' mmdebstrap e2fsprogs kmod xz-utils zstd python3 util-linux liburing-dev
    need_emulator
    need_kernel "$1"
    need_root
    local parts=("$(cat "$emulator/version")" "${kernel##*/}" "${root_disk%/disk}" "$flavour" "$clock")
    mapfile -t -O "${#parts[@]}" parts < <(find "$here/rootfs" -type f | sort)
    name=snapshot-$1-$flavour-$clock-$(key_of "${parts[@]}" "$here/support/init.c" "$here/lib/machine.py" \
        "$here/lib/initramfs.py" "$(sed -n '/^def prepared/,/^$/p' "$here/lib/vm.py")")
    cached "$name" "booting a guest: kernel $1, $flavour, clock $clock" make_snapshot
    snapshot=$cache/$name
    machine_options=(--cache "$cache" --emulator "$emulator" --kernel "$kernel" --flavour "$flavour" --clock "$clock"
        --initramfs "$snapshot/initramfs")
}
