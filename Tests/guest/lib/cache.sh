# shellcheck shell=bash
# The cache of what guests are made of: emulator, kernels, root images, snapshots. Outside the checkout;
# every entry is a folder named by what went into it, appears by one rename, and is never changed after.
# Needs say.sh.

cache=${UBLKD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ublkd}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# key_of TEXT|FILE...: a short key of these strings and the contents of these files.
key_of() {
    local part
    for part in "$@"; do
        if [ -f "$part" ]; then cat "$part"; else printf '%s\0' "$part"; fi
    done | sha256sum | cut -c1-12
}

# cached NAME TITLE COMMAND...: makes sure that the entry NAME exists. Where it does not, COMMAND fills
# the folder whose path it gets as its last argument. Of two runs at once the second one waits.
cached() {
    local name=$1 title=$2 entry=$cache/$1 lock
    shift 2
    if [ -d "$entry" ]; then
        touch "$entry/.used"
        return 0
    fi
    exec {lock}>"$cache/.lock-$name"
    if ! flock -n "$lock"; then
        say "   waiting for another run that makes $name"
        flock "$lock"
    fi
    if [ ! -d "$entry" ]; then
        rm -rf "$entry.new"
        mkdir -p "$entry.new"
        # In no condition: a function called in one runs on after a failure in it. A failure ends this
        # program here; the next run begins the entry anew.
        step "$title" "$@" "$entry.new"
        touch "$entry.new/.used"
        mv "$entry.new" "$entry"
        # what nobody has used for three days goes
        find "$cache" -mindepth 2 -maxdepth 2 -name .used -mmin +4320 -printf '%h\0' | xargs -0r rm -rf
    fi
    rm -f "$cache/.lock-$name"
    exec {lock}>&-
}
