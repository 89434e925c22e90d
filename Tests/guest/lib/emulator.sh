# shellcheck shell=bash
# The emulator. QEMU 10 from Debian's archive, unpacked in the cache and never installed: 7.2, which
# Debian 12 ships, makes a third of the boots of 6.12 oops in software emulation. Needs cache.sh, debian.sh.

# emulator_suite: where a QEMU of at least 10 comes from.
emulator_suite() {
    case $(debian_codename) in
        bookworm) printf 'bookworm bookworm-backports\n' ;;
        *) debian_codename ;;
    esac
}

unpack_emulator() {
    local out=$1 deb suites
    read -ra suites < <(emulator_suite)
    # Whatever library this machine lacks is unpacked beside it.
    private_apt "$out/apt" /var/lib/dpkg/status "${suites[@]}"
    apt-get "${apt_options[@]}" -y --no-install-recommends --download-only --reinstall \
        -t "${suites[-1]}" install qemu-system-x86 qemu-system-common qemu-system-data seabios qemu-utils
    for deb in "$out"/apt/archives/*.deb; do dpkg-deb -x "$deb" "$out"; done
    rm -rf "$out/apt" "$out"/usr/share/{doc,man,icons}
    emulator_version "$out" >"$out/version"
}

emulator_version() {
    LD_LIBRARY_PATH=$(emulator_libraries "$1") "$1/usr/bin/qemu-system-x86_64" --version | sed -n 1p
}

emulator_libraries() { printf '%s/usr/lib/x86_64-linux-gnu:%s/lib/x86_64-linux-gnu\n' "$1" "$1"; }

# need_emulator: makes sure of it, and sets emulator to its folder.
need_emulator() {
    local name
    name=qemu-$(key_of "$(emulator_suite)" "$(declare -f unpack_emulator)")
    emulator=$cache/$name
    # A machine that lost a library since: made anew
    [ ! -d "$emulator" ] || emulator_version "$emulator" >/dev/null 2>&1 || rm -rf "$emulator"
    cached "$name" 'fetching the emulator (16 MB)' unpack_emulator
}
