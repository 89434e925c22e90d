# shellcheck shell=bash
# Kernels for the guests: Debian's cloud kernels, with the modules that matter. Needs cache.sh, debian.sh.

# kernel_suites NAME: the suites that carry the kernel NAME: "7" (newest 7.x), "6.12", or any version
# prefix that the backports of Debian 13 still hold.
kernel_suites() {
    case $1 in
        6.12*) printf 'bookworm-backports trixie\n' ;;
        *) printf 'trixie-backports\n' ;;
    esac
}

# newest_kernel NAME SUITE: the newest version in that suite that begins with NAME.
newest_kernel() {
    apt-cache "${apt_options[@]}" search -n '^linux-image-[0-9].*-cloud-amd64$' | awk '{ print $1 }' |
        sed -n "s/^linux-image-\\(${1//./\\.}[.+].*-cloud-amd64\\)\$/\\1/p" | sort -V | tail -n 1
}

# kernel_packages VERSION: those that hold the image and the modules: one package, and later also some of those
# that it depends on. One that the suite has lost held nothing that a guest needs.
kernel_packages() {
    local package
    for package in "linux-image-$1" $(apt-cache "${apt_options[@]}" show --no-all-versions "linux-image-$1" |
        sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }' | grep -E '^linux-(base|binary|modules)-[0-9]'); do
        [ -z "$(apt-cache "${apt_options[@]}" show "$package" 2>/dev/null)" ] || printf '%s\n' "$package"
    done
}

# What is kept of a kernel's modules: block devices, file systems, and what they depend on.
kernel_module_folders=(crypto drivers/block drivers/char drivers/dax drivers/md drivers/nvme drivers/nvdimm
    drivers/scsi drivers/virtio drivers/watchdog fs lib net/core net/802 net/vmw_vsock drivers/net/virtio_net
    block security arch)

unpack_kernel() {
    local name=$1 out=$2 suite version='' packages deb folder tree=$2/tree
    for suite in $(kernel_suites "$name"); do
        rm -rf "$out/apt"
        private_apt "$out/apt" /dev/null "$suite" || continue
        version=$(newest_kernel "$name")
        [ -z "$version" ] || break
    done
    [ -n "$version" ] || { echo "no kernel $name in: $(kernel_suites "$name")"; return 1; }
    echo "$version from $suite"
    mapfile -t packages < <(kernel_packages "$version")
    (cd "$out/apt/archives" && apt-get "${apt_options[@]}" download "${packages[@]}")
    mkdir -p "$tree" "$out/modules/usr/lib/modules/$version/kernel"
    for deb in "$out"/apt/archives/*.deb; do dpkg-deb -x "$deb" "$tree"; done
    python3 -B "$here/lib/kernel-elf.py" "$(find "$tree" -type f -name 'vmlinuz*' | head -n 1)" "$out/vmlinux"
    local from kept=$out/modules/usr/lib/modules/$version
    from=$(find "$tree" -type d -path "*/modules/$version" | head -n 1)
    cp "$from"/modules.{builtin,builtin.modinfo,order} "$kept/"
    for folder in "${kernel_module_folders[@]}"; do
        [ -d "$from/kernel/$folder" ] || continue
        mkdir -p "$kept/kernel/$folder"
        cp -r "$from/kernel/$folder/." "$kept/kernel/$folder"
    done
    rm -rf "$kept/kernel/arch/x86/kvm"
    # Before the root is mounted nothing can unpack it
    xz -dc "$from/kernel/drivers/block/virtio_blk.ko.xz" >"$out/virtio_blk.ko"
    depmod -b "$out/modules/usr" "$version" || depmod -b "$out/modules" "$version"
    rm -rf "$tree" "$out/apt"
    printf '%s\n' "$version" >"$out/version"
}

# need_kernel NAME: makes sure of it, and sets kernel to its folder.
need_kernel() {
    local name
    name=kernel-$1-$(key_of "$(declare -f unpack_kernel)" "${kernel_module_folders[*]}" "$here/lib/kernel-elf.py")
    kernel=$cache/$name
    cached "$name" "fetching kernel $1 (35 MB)" unpack_kernel "$1"
}
