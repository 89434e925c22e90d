# shellcheck shell=bash
# The public Varlink client (PyPI's "varlink") with a Python to run it, for the cases that bring it: a tar with
# /t/python, made in the cache. Needs cache.sh, debian.sh.

varlink_client_release=31.0.0

# unpack_varlink_client FOLDER
unpack_varlink_client() {
    local out=$1 deb stage=$1/stage
    mkdir -p "$stage/python/site"
    python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: \
        -d "$out/wheel" "varlink==$varlink_client_release" </dev/null
    python3 -m zipfile -e "$out"/wheel/*.whl "$stage/python/site"
    private_apt "$out/apt" /var/lib/dpkg/status "$(debian_codename)"
    local python
    python=$(python_package)
    apt-get "${apt_options[@]}" -y --no-install-recommends --download-only --reinstall install \
        "$python" "$python-minimal" "lib$python-stdlib" "lib$python-minimal" libexpat1 zlib1g
    for deb in "$out"/apt/archives/*.deb; do dpkg-deb -x "$deb" "$stage/python"; done
    rm -rf "$stage"/python/usr/share "$out/apt" "$out/wheel"
    tar -cf "$out/client.tar" --owner=0 --group=0 -C "$stage" .
    rm -rf "$stage"
}

# python_package: of this release, such as python3.11.
python_package() {
    apt-cache "${apt_options[@]}" depends python3 | sed -n 's/^ *Depends: *\(python3\.[0-9]*\)$/\1/p' | head -n 1
}

# need_varlink_client: makes sure of it, and sets varlink_client to the tar.
need_varlink_client() {
    local name
    python3 -m pip --version >/dev/null 2>&1 || skip_case 'no pip on this machine: it fetches the public client'
    name=varlink-client-$(key_of "$(debian_codename)" "$varlink_client_release" "$(declare -f unpack_varlink_client)")
    if [ ! -d "$cache/$name" ] &&
        ! python3 -m pip download -q --no-deps -d "$cache/.pip" "varlink==$varlink_client_release" </dev/null; then
        skip_case 'PyPI is not reached, which has the public client'
    fi
    rm -rf "$cache/.pip"
    cached "$name" 'fetching the public Varlink client (10 MB)' unpack_varlink_client
    varlink_client=$cache/$name/client.tar
}

skip_case() {
    printf 'SKIPPED: %s\n' "$1"
    exit 77
}
