# shellcheck shell=bash
# The kinds of rounds: one line of the table and one function each. A function does its trouble to $device and says in
# `want` what is to become of the device's worker; pids that it killed go to `gone`. The caller waits and judges.

# KIND WEIGHT DEVICE…: how often it is drawn, and on which devices. Memory that lives in ublkd and its worker alone ends
# with the two, so where both are killed there are only files.
kinds=(
    'kill 30 data verified scratch'
    'kill_twice 20 data verified scratch'
    'pause 8 data verified scratch'
    'supervisor 8 data verified scratch'
    'supervisor_and_worker 5 data verified'
    'supervisor_in_recovery 7 data verified'
    'recover 8 data verified scratch'
    'recover_queue 8 data verified scratch'
    'upgrade 8 data verified scratch'
    'reload 8 data verified scratch'
)
declare -A weight=() on=()
weights=0
missing='' # kinds that this version does not offer

# offers KIND: this version can do it.
offers() {
    case $1 in
        recover_queue) [[ $(ublkctl recover data --queue 0 2>&1) != *'not in this version'* ]] ;;
        upgrade) [[ $(ublkctl --help) == *$'\n  upgrade '* ]] ;;
    esac
}

# choose_kinds ONLY: the table, as far as this version has it; ONLY: these, or all if empty.
choose_kinds() {
    local line name share where
    for line in "${kinds[@]}"; do
        read -r name share where <<<"$line"
        case ",$1," in ,, | *",$name,"*) ;; *) continue ;; esac
        if ! offers "$name"; then
            missing+=" $name"
            continue
        fi
        weight[$name]=$share on[$name]=$where
        weights=$((weights + share))
    done
    [ $weights -gt 0 ] || fail "no kind of round in '$1'"
}

# draw_kind: sets kind and device.
draw_kind() {
    local line share where
    draw $weights
    for line in "${kinds[@]}"; do
        read -r kind share where <<<"$line"
        [ -n "${weight[$kind]:-}" ] || continue
        drawn=$((drawn - share))
        [ $drawn -ge 0 ] || break
    done
    read -ra where <<<"${on[$kind]}"
    draw ${#where[@]}
    device=${where[drawn]}
}

# ---- the worker -----------------------------------------------------------------------------------------

round_kill() {
    want=counted
    gone=("${pid[$device]}")
    kill -KILL "${gone[@]}" || fail "no worker of $device to kill"
}


# The worker, and 0–80 ms later the one that is about to take its place.
round_kill_twice() {
    want=counted
    wait_until 20 has_spare
    gone=("${pid[$device]}" "$(pgrep -x ublkd-w/spare | head -n 1)")
    draw 81
    stamp kill "${gone[0]}" "$drawn" "${gone[1]}" >/dev/null || fail "no workers to kill: ${gone[*]}"
}

# Nothing to recover: it stands still for a while, and goes on.
round_pause() {
    want=same
    kill -STOP "${pid[$device]}" || fail "no worker of $device to stop"
    draw 2000
    sleep_ms "$drawn"
    kill -CONT "${pid[$device]}" || fail "the worker of $device was killed while it stood still"
}

# ---- ublkd ----------------------------------------------------------------------------------------------

round_supervisor() {
    want=same
    kill_ublkd
    draw 400
    sleep_ms "$drawn"
    launch_ublkd
}

# The worker dies while nobody watches.
round_supervisor_and_worker() {
    want=replaced
    gone=("${pid[$device]}")
    kill_ublkd
    kill -KILL "${gone[@]}" || fail "the worker of $device ended with ublkd"
    draw 400
    sleep_ms "$drawn"
    launch_ublkd
}

# ublkd dies in the middle of a recovery, 0–120 ms after the worker did.
round_supervisor_in_recovery() {
    want=replaced
    gone=("${pid[$device]}")
    draw 121
    stamp kill "${gone[0]}" "$drawn" "$ublkd_pid" >/dev/null || fail "no worker and ublkd to kill"
    wait "$ublkd_pid" 2>/dev/null
    launch_ublkd
}

# ---- what an operator asks for ----------------------------------------------------------------------------

round_recover() {
    want=counted
    assert "recover" ublkctl recover "$device"
}

round_recover_queue() {
    local queue=0
    want=kept
    [ "$device" = scratch ] || { draw 2 && queue=$drawn; }
    assert "recover a queue" ublkctl recover "$device" --queue "$queue"
}

round_upgrade() {
    want=replaced
    assert 'upgrade' ublkctl upgrade "$device"
}

# A difference that a fresh worker must take up.
round_reload() {
    local key=direct_$device
    want=replaced
    [ "$device" != scratch ] || key=lock_scratch
    if [ "${!key}" = true ]; then printf -v "$key" false; else printf -v "$key" true; fi
    configure
    kill -HUP "$ublkd_pid" || fail 'ublkd was gone'
}
