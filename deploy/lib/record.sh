# shellcheck shell=bash
# The record of an installation: files, folders and accounts that deploy/install made, so that deploy/uninstall takes
# away those and no others. Needs root, where it is installed; to write one also files.sh, and systemd, its version.
# shellcheck disable=SC2154 # root, systemd

record_file=/usr/share/ublkd/installed

# open_record: an upgrade adds to what is recorded.
open_record() {
    recorded=$(mktemp)
    trap 'rm -f "$recorded"' EXIT
    [ ! -e "$root$record_file" ] || cat "$root$record_file" >"$recorded"
    make_folder "${record_file%/*}"
}

# record KIND NAME
record() { printf '%s %s\n' "$1" "$2" >>"$recorded"; }

# close_record: written, and what an earlier version installed and this one does not is removed.
close_record() {
    local kind name
    while read -r kind name; do
        [ "$kind" = file ] || continue
        grep -qxF "$kind $name" <(installed_files "$systemd" | sed 's|.* /|file /|') || rm -f "$root$name"
    done <"$recorded"
    awk '!seen[$0]++' "$recorded" >"$root$record_file.new"
    mv "$root$record_file.new" "$root$record_file"
    chmod 644 "$root$record_file"
}

# make_folder PATH: with all above it; those that were not there are recorded, and those that are nobody else's.
make_folder() {
    local path=$1
    [ -n "$path" ] || return 0
    case $path in */ublkd | */ublkd/* | */ublkd.service.d) record folder "$path" ;; esac
    [ ! -d "$root$path" ] || return 0
    make_folder "${path%/*}"
    mkdir -m 755 "$root$path" || die "the folder $root$path cannot be made: see above"
    record folder "$path"
}

# recorded_files, recorded_folders (innermost first), recorded_accounts KIND
recorded_files() { sed -n 's/^file //p' "$root$record_file"; }
recorded_folders() { sed -n 's/^folder //p' "$root$record_file" | sort -r; }
recorded_accounts() { sed -n "s/^$1 //p" "$root$record_file"; }
