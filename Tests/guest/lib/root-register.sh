#!/bin/bash
# root-register.sh ROOT: a hook of mmdebstrap, which here unpacks packages and tells dpkg nothing: writes dpkg's
# database, as if each of them had been installed. Their maintainer scripts are not part of it.
set -euo pipefail
root=$1
database=$root/var/lib/dpkg
mkdir -p "$database"/{info,updates,triggers,alternatives,parts}
: >"$database/available"
: >"$database/diversions"
: >"$database/statoverride"
printf '1\n' >"$database/info/format"
printf 'amd64\n' >"$database/arch"
for deb in "$root"/var/cache/apt/archives/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    [ "$(dpkg-deb -f "$deb" Multi-Arch)" != same ] || name+=:$(dpkg-deb -f "$deb" Architecture)
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's|^\./|/|;s|/$||;s|^$|/.|' >"$database/info/$name.list"
    dpkg-deb -f "$deb" | sed 's/^Package: .*/&\nStatus: install ok installed/'
    printf '\n'
done >"$database/status"
