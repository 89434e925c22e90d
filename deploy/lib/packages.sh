# shellcheck shell=bash
# Debian packages that a step needs: only what is missing is installed, and it is said what and why.
# Needs say.sh.

# missing_packages PACKAGE...: those of them that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
            installed) ;;
            *) printf '%s\n' "$package" ;;
        esac
    done
}

# need_packages WHY PACKAGE...
need_packages() {
    local why=$1 missing
    shift
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "missing for $why: ${missing[*]}. This is not a Debian system: install what corresponds by hand"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "missing for $why: ${missing[*]}. Run as root, or: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing for $why: ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
    # The lists at hand are good enough more often than not; they are fetched once where they are not.
    "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null >&2 && return 0
    say "fetching the package lists"
    "${apt[@]}" update </dev/null >&2 || die "apt-get update failed: see above"
    "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null >&2 ||
        die "could not install for $why: ${missing[*]}. See apt's message above"
}
