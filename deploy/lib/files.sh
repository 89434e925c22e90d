# shellcheck shell=bash
# What is installed where: the one list, for deploy/install and for the Debian package. Needs top, the checkout.

# installed_files SYSTEMD: a line for each file: kind, mode, source, target; SYSTEMD is the target's version of it.
# Sources are in the checkout, programs in the folder of programs. Kinds: program (stripped), script, text, manual
# (compressed), configuration (belongs to the administrator).
installed_files() {
    cat <<'LIST'
program 755 ublkd /usr/sbin/ublkd
program 755 ublkd-worker /usr/libexec/ublkd/ublkd-worker
program 755 ublkctl /usr/bin/ublkctl
script 755 deploy/lib/disks-in-use /usr/libexec/ublkd/disks-in-use
script 755 deploy/lib/stop-everything /usr/libexec/ublkd/stop-everything
text 644 deploy/systemd/ublkd.service /usr/lib/systemd/system/ublkd.service
text 644 deploy/systemd/ublkd-shutdown.service /usr/lib/systemd/system/ublkd-shutdown.service
text 644 deploy/systemd/sysusers.conf /usr/lib/sysusers.d/ublkd.conf
text 644 deploy/systemd/59-ublkd.rules /usr/lib/udev/rules.d/59-ublkd.rules
manual 644 doc/man/ublkd.8 /usr/share/man/man8/ublkd.8.gz
manual 644 doc/man/ublkctl.1 /usr/share/man/man1/ublkctl.1.gz
manual 644 doc/man/ublkd.toml.5 /usr/share/man/man5/ublkd.toml.5.gz
text 644 doc/completions/ublkctl.bash /usr/share/bash-completion/completions/ublkctl
text 644 doc/completions/ublkctl.zsh /usr/share/zsh/vendor-completions/_ublkctl
text 644 doc/completions/ublkctl.fish /usr/share/fish/vendor_completions.d/ublkctl.fish
text 644 doc/migration.md /usr/share/doc/ublkd/migration.md
text 644 config/ublkd.toml /usr/share/doc/ublkd/examples/ublkd.toml
configuration 644 config/ublkd.toml /etc/ublkd/ublkd.toml
LIST
    [ "$1" -lt 254 ] ||
        printf 'text 644 deploy/systemd/ublkd-254.conf /usr/lib/systemd/system/ublkd.service.d/254.conf\n'
}

# installed_folders: those that are there though nothing is in them.
installed_folders() { printf '/etc/ublkd/devices.d\n'; }

# systemd_version: of this host; 0 where there is none.
systemd_version() {
    local version
    version=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p') || true
    printf '%s\n' "${version:-0}"
}

# find_programs FOLDER: sets programs: FOLDER, or without one that of the release build, which is made first: what is there
# may be of other sources. Where no compiler is in PATH, as for root on many hosts, what is there is taken.
find_programs() {
    local program
    programs=${1:-$top/.build/release}
    if [ -n "$1" ]; then
        :
    elif ! command -v swift >/dev/null; then
        [ -x "$programs/ublkd" ] ||
            die 'no swift in PATH, and nothing is built: install a Swift 6.3 toolchain (https://www.swift.org/install), or give built programs with --programs'
        say "no swift in PATH: the programs in $programs are taken as they are"
    else
        need_packages 'the build' liburing-dev libsystemd-dev pkg-config git
        step 'building (the first time takes some minutes)' \
            swift build --package-path "$top" -c release --static-swift-stdlib
    fi
    for program in ublkd ublkd-worker ublkctl; do
        [ -x "$programs/$program" ] ||
            die "no program $program in $programs: build it (swift build -c release --static-swift-stdlib), or say where it is with --programs"
    done
}

# program_version: what the programs say of themselves.
program_version() { "$programs/ublkd" --version | sed 's/^ublkd //'; }

# put_file KIND MODE SOURCE TARGET: makes TARGET, in a folder that is there, by a rename: whoever runs or reads the
# old one is not disturbed.
put_file() {
    local kind=$1 mode=$2 source=$top/$3 target=$4 fresh=$4.ublkd-new
    [ "$kind" != program ] || source=$programs/$3
    case $kind in
        program)
            # What is stripped already, or cannot be, is taken as it is.
            if ! strip -o "$fresh" "$source" 2>/dev/null; then cp "$source" "$fresh"; fi
            ;;
        manual) gzip -9nc "$source" >"$fresh" ;;
        *) cp "$source" "$fresh" ;;
    esac
    chmod "$mode" "$fresh"
    [ "$(id -u)" -ne 0 ] || chown root:root "$fresh"
    mv -fT "$fresh" "$target"
}
