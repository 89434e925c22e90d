# shellcheck shell=bash
# The pace: how many times slower guests are here than on the machine for which the limits of time were set. It does not
# follow from the speed of the host, so it is measured in a guest. Needs say.sh.

# What the yardstick takes on that machine, in microseconds.
pace_reference=700000

# What a machine is taken for, as far as its patience goes, until it was measured.
unknown_pace=4

# pace_yardstick: runs in the guest; prints the microseconds of the quickest of three rounds. What is emulated slowest, and
# what cases do most, is to start processes.
pace_yardstick() {
    local i began took best=0
    for _ in 1 2 3; do
        began=${EPOCHREALTIME/[.,]/}
        for ((i = 0; i < 100; i++)); do /bin/true; done
        took=$((${EPOCHREALTIME/[.,]/} - began))
        if [ "$best" -eq 0 ] || [ "$took" -lt "$best" ]; then best=$took; fi
    done
    echo "yardstick=$best"
}

# measure_pace LOG: prints the pace, at least 1. The machine must have nothing else to do. LOG: a folder for the guest's console.
measure_pace() {
    local told
    told=$(UBLKD_PACE=$unknown_pace Tests/guest/guest --kernel 7 --name pace --timeout 300 --log "$1" run "$(declare -f pace_yardstick); pace_yardstick") &&
        told=$(sed -n 's/^yardstick=\([1-9][0-9]*\)$/\1/p' <<<"$told") && [ -n "$told" ] || return 1
    awk -v took="$told" -v reference=$pace_reference \
        'BEGIN { pace = took / reference; printf "%.2f\n", (pace < 1 ? 1 : pace) }'
}

# need_pace: sets and exports UBLKD_PACE, if it is not set.
need_pace() {
    if [ -z "${UBLKD_PACE:-}" ]; then
        # Without it the limits stand as they are: that can fail a case, but pass none
        UBLKD_PACE=$(measure_pace "$1" || measure_pace "$1") || { say '== the pace of guests cannot be measured: taken as 1' && UBLKD_PACE=1; }
    fi
    known_pace
    export UBLKD_PACE
    say "== guests are $UBLKD_PACE times slower here than what the limits of time are for"
}

# known_pace: UBLKD_PACE as somebody set it; 1 if nobody did.
known_pace() {
    UBLKD_PACE=${UBLKD_PACE:-1}
    [[ $UBLKD_PACE =~ ^[0-9]{1,3}(\.[0-9]{1,6})?$ && $UBLKD_PACE == *[1-9]* ]] ||
        die "UBLKD_PACE is a number such as 2.5, not '$UBLKD_PACE'"
}

# paced SECONDS: what that many are here, in whole seconds.
paced() { awk -v s="$1" -v p="$UBLKD_PACE" 'BEGIN { t = s * p; printf "%d\n", (t > int(t) ? int(t) + 1 : t) }'; }

# counted_pace: a guest with a clock of its own takes many seconds of the host's for one of its: its timeouts are as long.
counted_pace() { [ "$clock" != counted ] || UBLKD_PACE=6; }
