# shellcheck shell=bash
# Packages of any Debian suite from the mirror that this machine already uses, without touching this
# machine: own lists, own archive folder. apt checks signatures and hashes as always. Needs say.sh.

# debian_codename: the release of this machine.
debian_codename() (
    . /etc/os-release
    printf '%s\n' "${VERSION_CODENAME:-}"
)

# debian_mirror: the address that apt resolved for the main archive of this release.
debian_mirror() {
    local codename uri
    codename=$(debian_codename)
    uri=$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' "Release: $codename" 'Component: main' | sed -n 1p)
    [ -n "$uri" ] || die "apt has no source for 'main' of $codename: the guests' parts come from there"
    printf '%s\n' "$uri"
}

# debian_source SUITE: a line for a list of sources.
debian_source() {
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg options=
    [ ! -e "$keyring" ] || options="[signed-by=$keyring] "
    [ -e "$keyring" ] || [ ! -e "${keyring%gpg}pgp" ] || options="[signed-by=${keyring%gpg}pgp] "
    printf 'deb %s%s %s main\n' "$options" "$(debian_mirror)" "$1"
}

# private_apt FOLDER STATUS SUITE...: sets apt_options to an apt of its own with these suites; STATUS says
# what counts as installed: this machine's /var/lib/dpkg/status, or /dev/null.
private_apt() {
    local folder=$1 status=$2 suite
    shift 2
    mkdir -p "$folder"/{lists/partial,archives/partial,etc}
    for suite in "$@"; do debian_source "$suite"; done >"$folder/sources.list"
    apt_options=(-q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts="$folder/etc"
        -o Dir::Etc::preferencesparts="$folder/etc" -o Dir::State="$folder"
        -o Dir::State::Lists="$folder/lists" -o Dir::State::status="$status" -o Dir::Cache="$folder"
        -o Dir::Cache::archives="$folder/archives" -o Acquire::Languages=none -o Acquire::Retries=3
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1)
    apt-get "${apt_options[@]}" update
}
