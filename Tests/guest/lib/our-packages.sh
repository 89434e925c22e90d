# shellcheck shell=bash
# Two versions of our Debian package, for the cases that bring them: a tar with /t/packages/{old,new}.deb, made by
# deploy/debian of the programs at hand; the new one has passed lintian. Needs inbox.sh.

our_packages=$inbox_folder/packages.tar

# make_our_packages FOLDER
make_our_packages() {
    local stage=$1 made
    mkdir -p "$stage/packages"
    # Quick to make here, and quick to unpack in an emulated machine
    export DPKG_DEB_COMPRESSOR_TYPE=gzip DPKG_DEB_COMPRESSOR_LEVEL=1
    made=$("$top/deploy/debian" --version 0.0.1 --out "$stage")
    mv "$made" "$stage/packages/old.deb"
    made=$("$top/deploy/debian" --version 0.0.2 --out "$stage" --lintian)
    mv "$made" "$stage/packages/new.deb"
    tar -cf "$our_packages.new" --owner=0 --group=0 -C "$stage" packages
    mv "$our_packages.new" "$our_packages"
}

package_inputs() {
    local program
    find "$top/config" "$top/deploy" "$top/doc" "$here/lib/our-packages.sh"
    for program in "${programs[@]}"; do readlink -f "$top/.build/release/$program"; done
}

# need_our_packages: makes sure of them, and sets our_packages to the tar.
need_our_packages() {
    local input newer='' stage lock
    mkdir -p "$inbox_folder"
    need_packages 'the Debian package and its check' dpkg-dev binutils lintian
    exec {lock}>"$inbox_folder/.lock-packages"
    flock "$lock"
    while IFS= read -r input; do
        [ -e "$our_packages" ] && [ ! "$input" -nt "$our_packages" ] || newer=$input
    done < <(package_inputs)
    if [ -n "$newer" ]; then
        stage=$(mktemp -d "$inbox_folder/stage.XXXXXX")
        # In no condition, and its failure is the case's
        make_our_packages "$stage"
        rm -rf "$stage"
    fi
    exec {lock}>&-
}
