# shellcheck shell=bash
# The guests' root file system: the packages of this machine's own Debian release (so that what was built
# here runs there), unpacked by mmdebstrap without maintainer scripts, which would take three times as
# long; the little that those scripts do for us is done here. dpkg knows them all. Needs cache.sh, debian.sh.

root_packages=(base-files base-passwd bash coreutils dash debianutils diffutils findutils grep gzip hostname
    libc-bin mawk passwd sed tar util-linux login
    systemd systemd-sysv udev dbus kmod mount procps psmisc iproute2
    acl dmsetup e2fsprogs fdisk fio gojq socat xfsprogs
    dpkg perl-base init-system-helpers
    libgcc-s1 libstdc++6 libsystemd0 liburing2)
root_megabytes=3072

# Units that would only cost time, or want what is not there.
root_masked=(apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer xfs_scrub_all.timer
    getty.target getty@tty1.service serial-getty@ttyS0.service console-getty.service
    systemd-ask-password-console.path systemd-ask-password-wall.path systemd-logind.service
    systemd-user-sessions.service user.slice systemd-firstboot.service systemd-hwdb-update.service
    systemd-journal-catalog-update.service systemd-journal-flush.service systemd-machine-id-commit.service
    systemd-networkd.service systemd-networkd.socket systemd-network-generator.service
    systemd-pstore.service systemd-random-seed.service systemd-sysusers.service
    systemd-update-done.service systemd-update-utmp.service systemd-update-utmp-runlevel.service
    systemd-remount-fs.service systemd-fsck-root.service systemd-modules-load.service
    systemd-sysctl.service ldconfig.service initrd-cleanup.service systemd-binfmt.service
    proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount dev-hugepages.mount dev-mqueue.mount
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount sys-kernel-config.mount
    modprobe@.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service
    systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-boot-random-seed.service)

# finish_root ROOT: what the packages' own scripts would have done, and the users of the cases.
finish_root() {
    local root=$1 group unit
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    for group in systemd-journal:101 input:102 sgx:103 kvm:104 render:105 messagebus:106 \
        systemd-network:107 ublkd:990 ublkd-worker:991 alice:1000; do
        printf '%s:x:%s:\n' "${group%:*}" "${group#*:}"
    done >>"$root/etc/group"
    # ublkd-worker serves devices; alice is some local user
    cat >>"$root/etc/passwd" <<'USERS'
messagebus:*:106:106::/nonexistent:/usr/sbin/nologin
systemd-network:*:107:107::/:/usr/sbin/nologin
ublkd-worker:*:991:991::/nonexistent:/usr/sbin/nologin
alice:*:1000:1000::/tmp:/bin/bash
USERS
    sed 's/:.*/:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
    sed -i 's/:\*:/:x:/' "$root/etc/passwd"
    chmod 600 "$root/etc/shadow"
    printf '%s\n' 'passwd: files' 'group: files' 'shadow: files' 'hosts: files' >"$root/etc/nsswitch.conf"
    [ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
    [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
    # Debian 12's jq compiles its library at every start: in an emulated machine that is most of what many a case takes
    ln -s gojq "$root/usr/bin/jq"
    printf 'guest\n' >"$root/etc/hostname"
    printf '127.0.0.1 localhost guest\n' >"$root/etc/hosts"
    # a known machine: nothing is done for a first boot
    printf '0123456789abcdef0123456789abcdef\n' >"$root/etc/machine-id"
    : >"$root/etc/fstab"
    mkdir -p "$root"/{proc,sys,dev,run,tmp,mnt,var/lib,var/log,usr/lib/modules} "$root/etc/systemd/system"
    chmod 1777 "$root/tmp"
    [ -L "$root/var/run" ] || { rm -rf "$root/var/run" && ln -s /run "$root/var/run"; }
    rm -f "$root/usr/lib/tmpfiles.d/systemd-network.conf"
    ln -sf /usr/lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
    for unit in "${root_masked[@]}"; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
    # what no case looks at
    rm -rf "$root"/usr/share/{doc,man,locale,info,bash-completion,zsh,lintian,icons,i18n} \
        "$root"/usr/lib/python3* "$root"/usr/lib/udev/hwdb.* "$root"/usr/lib/valgrind \
        "$root"/var/{cache/apt,lib/apt}/* "$root"/boot/*
    ldconfig -r "$root"
}

build_root() {
    local out=$1 root=$1/root
    debian_source "$(debian_codename)" >"$out/sources.list"
    mmdebstrap --quiet --mode=root --variant=extract --format=directory --architectures=amd64 \
        --include="$(IFS=, && printf '%s' "${root_packages[*]}")" \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --extract-hook="bash '$here/lib/root-register.sh' \"\$1\"" \
        "$(debian_codename)" "$root" "$out/sources.list"
    finish_root "$root"
    mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -E lazy_itable_init=1,nodiscard \
        -d "$root" "$out/disk" "${root_megabytes}M"
    rm -rf "$root" "$out/sources.list"
}

# need_root: makes sure of it, and sets root_disk to the image.
need_root() {
    local name
    name=root-$(key_of "$(debian_codename)" "${root_packages[*]}" "${root_masked[*]}" "$root_megabytes" \
        "$(declare -f finish_root build_root)" "$here/lib/root-register.sh")
    cached "$name" 'making the root file system of the guests' build_root
    root_disk=$cache/$name/disk
}
