# shellcheck shell=bash
# Words to the person in front of the terminal: what runs, how long it took, why it ended.

# say TEXT...: one line of progress. Progress goes to stderr: stdout belongs to results.
say() { printf '%s\n' "$*" >&2; }

# die TEXT...: why this program cannot go on, and what to do about it.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# step TITLE COMMAND...: runs a long step: says that it began, says every 20 s that it still runs, and
# how long it took. Its output goes to a log, of which the end is shown only if it fails. Call it in no
# condition (if, &&, ||): bash would then run on after a failure inside COMMAND, where that is a function.
step() {
    local title=$1 log began=$SECONDS status=0 job
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/ublkd-step.XXXXXX")
    say "== $title"
    "$@" >"$log" 2>&1 </dev/null &
    job=$!
    local told=$SECONDS
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.1
        [ $((SECONDS - told)) -ge 20 ] || continue
        told=$SECONDS
        say "   … $title: $((SECONDS - began)) s ($(tail -n 1 "$log" | tr -d '\r' | cut -c1-80))"
    done
    wait "$job" || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 60 "$log" >&2
        say "== $title: failed with status $status after $((SECONDS - began)) s (whole log: $log)"
        return "$status"
    fi
    rm -f "$log"
    say "== $title: $((SECONDS - began)) s"
}
