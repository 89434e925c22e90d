# shellcheck shell=bash
# The inbox: one tar of everything that a guest finds in /t. Needs say.sh, packages.sh.

inbox_folder=$top/.build/guest
programs=(ublkd ublkd-worker ublkctl)

c_compiler() {
    local compiler
    for compiler in "${CC:-}" gcc clang cc; do
        [ -z "$compiler" ] || ! command -v "$compiler" >/dev/null || { printf '%s\n' "$compiler" && return; }
    done
    need_packages 'the support programs of the guests (C)' gcc libc6-dev >&2
    printf 'gcc\n'
}

# compile_support PROGRAM SOURCE...: static, so that it runs on an initramfs too.
compile_support() {
    "$(c_compiler)" -std=gnu17 -O2 -Wall -Wextra -Wno-format-truncation -Werror -D_GNU_SOURCE -I "$top/Sources/CUblk/include" \
        -static -pthread -o "$@" -l:liburing.a -lm
}

# build_support PROGRAM INPUT...: compiled anew if one of its inputs, the .c files among them, has changed.
build_support() {
    local built=$inbox_folder/support/$1 input old='' sources=()
    shift
    mkdir -p "${built%/*}"
    for input in "$@"; do
        [ "$built" -nt "$input" ] || old=$input
        case $input in *.c) sources+=("$input") ;; esac
    done
    [ -z "$old" ] || compile_support "$built" "${sources[@]}"
}

fill_inbox() {
    local stage=$1 source program built
    mkdir -p "$stage"/{bin,bin-points,support,lib}
    # a program is one file, or a folder
    for source in "$here"/support/*.c "$here"/support/*/; do
        program=$(basename "$source" .c)
        if [ -d "$source" ]; then
            build_support "$program" "$source"*.[ch]
        else
            build_support "$program" "$source" "$here/support/control.h"
        fi
        cp "$inbox_folder/support/$program" "$stage/support/"
    done
    for program in "${programs[@]}"; do
        built=$top/.build/release/$program
        [ ! -x "$built" ] || strip -o "$stage/bin/$program" "$built"
        built=$top/.build-points/release/$program
        [ ! -x "$built" ] || strip -o "$stage/bin-points/$program" "$built"
    done
    cp -r "$here"/{cases,soak,bench} "$stage/"
    cp "$here"/lib/case*.sh "$stage/lib/"
    local folder
    for folder in config deploy doc; do [ ! -d "$top/$folder" ] || cp -r "$top/$folder" "$stage/"; done
}

inbox_inputs() {
    printf '%s\n' "$here"/{cases,soak,bench,support,lib} "$here"/support/{*,*/*} "$here"/{cases,soak,bench}/* \
        "$here"/lib/case*.sh "$here"/lib/inbox.sh
    find "$top/config" "$top/deploy" "$top/doc" 2>/dev/null || true
    local program built
    for program in "${programs[@]}"; do
        for built in "$top"/.build{,-points}/release/"$program"; do [ ! -e "$built" ] || readlink -f "$built"; done
    done
}

# need_inbox [EXTRA.tar...]: sets inbox to the tar, made anew if anything in it has changed.
need_inbox() {
    local lock newer='' input stage extra
    inbox=$inbox_folder/in.tar
    mkdir -p "$inbox_folder"
    need_packages 'the support programs of the guests' liburing-dev binutils
    exec {lock}>"$inbox_folder/.lock"
    flock "$lock"
    if [ -e "$inbox" ]; then
        while IFS= read -r input; do [ ! "$input" -nt "$inbox" ] || newer=$input; done < <(inbox_inputs)
    else
        newer=$inbox
    fi
    if [ -n "$newer" ]; then
        stage=$(mktemp -d "$inbox_folder/stage.XXXXXX")
        fill_inbox "$stage"
        tar -cf "$inbox.new" --owner=0 --group=0 -C "$stage" .
        rm -rf "$stage"
        [ "$(stat -c %s "$inbox.new")" -lt $((1 << 30)) ] || die "the inbox is larger than its disk of 1 GiB"
        truncate -s 1G "$inbox.new"
        mv "$inbox.new" "$inbox"
    fi
    if [ $# -gt 0 ]; then
        # Only this run's: unlinked by the next one that builds an inbox with extras
        find "$inbox_folder" -name 'extra.*.tar' -mmin +120 -delete
        local own=$inbox_folder/extra.$$.tar
        cp --sparse=always "$inbox" "$own"
        # a tar ends with zero blocks: joined by tar itself, not by cat
        for extra in "$@"; do tar -A -f "$own" "$extra"; done
        truncate -s 1G "$own"
        inbox=$own
    fi
    exec {lock}>&-
}
