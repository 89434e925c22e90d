# shellcheck shell=bash
# What the soak sees of ublkd: its devices, processes and descriptors, and that each round ends as it should.

devices=(data verified scratch)
declare -A state=() pid=() recoveries=() downtime=() pid_before=() recoveries_before=() node=()
gone=()  # pids that this round killed
want=    # what is to become of the worker of $device: replaced; counted: replaced, and counted so; same; kept: the same, but
         # something of it may be counted
in_flight=0 # requests on $device right before the round
settled_limit=60

# look: asks ublkd for all devices; false if it does not answer.
look() {
    local told name its_state its_pid its_recoveries its_downtime
    told=$(varlink devices "$runtime/org.ublkd" 2>/dev/null) || return 1
    while read -r name its_state its_pid its_recoveries its_downtime; do
        state[$name]=$its_state pid[$name]=${its_pid/#-/0} recoveries[$name]=$its_recoveries downtime[$name]=${its_downtime/#-/0}
    done <<<"$told"
}

find_nodes() {
    local name
    for name in "${devices[@]}"; do node[$name]=$(node_of "$name"); done
}

# remember: how the devices are before a round.
remember() {
    local name reads writes
    look || fail 'ublkd does not answer before a round'
    gone=() want=
    for name in "${devices[@]}"; do
        [ "${state[$name]}" = live ] || fail "$name is ${state[$name]} before a round"
        pid_before[$name]=${pid[$name]} recoveries_before[$name]=${recoveries[$name]}
    done
    read -r reads writes <"/sys/block/${node[$device]#/dev/}/inflight"
    in_flight=$((reads + writes))
}

# is_settled: every device is live with a worker that is not one of those killed.
is_settled() {
    local name dead
    look || return 1
    for name in "${devices[@]}"; do
        [ "${state[$name]}" = live ] && [ "${pid[$name]}" -gt 1 ] || return 1
        for dead in "${gone[@]}"; do [ "${pid[$name]}" != "$dead" ] || return 1; done
    done
    case $want in
        replaced | counted) [ "${pid[$device]}" != "${pid_before[$device]}" ] ;;
        *) true ;;
    esac
}

tell_devices() {
    local name
    for name in "${devices[@]}"; do printf '%s %s worker %s; ' "$name" "${state[$name]}" "${pid[$name]}"; done
}

# settle: waits for the end of a round, and looks that it touched nothing but its device.
settle() {
    local end=$((SECONDS + settled_limit)) name
    until is_settled; do
        kill -0 "$ublkd_pid" 2>/dev/null || fail "ublkd ended by itself: $(tail -n 5 "$ublkd_log")"
        [ $SECONDS -lt $end ] || fail "not settled after $settled_limit s: $(tell_devices)"
    done
    for name in "${devices[@]}"; do
        [ "$name" != "$device" ] || [ "$want" = same ] || [ "$want" = kept ] || continue
        assert_eq "the worker of $name, which this round left alone" "${pid_before[$name]}" "${pid[$name]}"
        [ "$name" = "$device" ] && [ "$want" = kept ] ||
            assert_eq "recoveries of $name, which this round left alone" "${recoveries_before[$name]}" "${recoveries[$name]}"
    done
    [ "$want" != counted ] || assert_at_least "recoveries of $device" $((recoveries_before[$device] + 1)) "${recoveries[$device]}"
}

# account BEGAN: one line of a round that ended well: its number, kind, device, ms, and requests in flight at its blow.
account() {
    local name
    printf '%d %s %s %d %d\n' "$round" "$kind" "$device" $(((${EPOCHREALTIME/./} - ${1/./}) / 1000)) "$in_flight" >>"$out/rounds"
    for name in "${devices[@]}"; do
        [ "${pid[$name]}" = "${pid_before[$name]}" ] || [ "${downtime[$name]}" = 0 ] ||
            printf '%s %s %s\n' "$kind" "$name" "${downtime[$name]}" >>"$out/downtimes"
    done
}

# population: what there is of ublkd at rest: processes by what they do, descriptors of ublkd and of its agents.
population() {
    local folder name agents=0 spares=0 serving=0 others=0 zombies=0 agent_fds=0 fds
    for folder in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$folder/comm" || continue
        case $name in ublkd*) ;; *) continue ;; esac
        if grep -q '^State:.Z' "$folder/status" 2>/dev/null; then
            zombies=$((zombies + 1))
            continue
        fi
        fds=("$folder"/fd/*)
        case $name in
            ublkd) ;;
            ublkd-agent) agents=$((agents + 1)) agent_fds=$((agent_fds + ${#fds[@]})) ;;
            ublkd-w/spare) spares=$((spares + 1)) ;;
            ublkd-w/*) serving=$((serving + 1)) ;;
            *) others=$((others + 1)) ;;
        esac
    done
    fds=("/proc/$ublkd_pid"/fd/*)
    printf 'workers=%d spares=%d agents=%d others=%d zombies=%d fds=%d agent_fds=%d' \
        $serving $spares $agents $others $zombies ${#fds[@]} $agent_fds
}

is_as_at_first() { [ "$(population)" = "$first_population" ]; }

# assert_population: nothing came to stay.
assert_population() {
    local end=$((SECONDS + 15))
    until is_as_at_first; do
        if [ $SECONDS -ge $end ]; then
            ls -l "/proc/$ublkd_pid/fd"
            ps axo pid,ppid,stat,comm,args | grep '[u]blkd'
            fail "at rest there is now $(population), at first it was $first_population"
        fi
        sleep 0.1
    done
}

# report_rounds SECONDS KIB: what the soak was, for the report. KIB: the memory of ublkd at its beginning.
report_rounds() {
    report "$rounds rounds in $1 s ($(awk -v n="$rounds" -v s="$1" 'BEGIN { printf "%.2f", n / s }') a second), seed $seed, kernel $kernel_release:" \
        "$(awk '{ n[$2]++ } END { for (kind in n) print kind "=" n[kind] }' "$out/rounds" | sort | tr '\n' ' ')"
    local kind
    for kind in $(awk '{ print $1 }' "$out/downtimes" | sort -u); do
        awk -v kind="$kind" '$1 == kind { print $3 * 1000 }' "$out/downtimes" | distribution "downtime, $kind" ms
    done
    awk '{ print $3 * 1000 }' "$out/downtimes" | distribution 'downtime, all kinds' ms
    awk '{ print $5 }' "$out/rounds" | distribution 'in flight at the blow' requests
    report "ublkd: $2 KiB at first, $(awk '/^VmRSS:/ { print $2 }' "/proc/$ublkd_pid/status") KiB at the end; at rest: $first_population"
}
