# shellcheck shell=bash
# The load of the soak: the stamped writer with readers on a file and on memory, fio with verification on another file. It
# comes in bursts, so that trouble meets full queues and most of the machine is left for the rounds.

logs=/dev/shm/soak # not on a device that is tested, and not on a disk
mkdir -p "$logs"
stamped_devices=(data scratch)
declare -A writer=()
writer_run=0
verified_loop=

# start_writer NAME
start_writer() {
    writer_run=$((writer_run + 1))
    nice -n 10 stamped write "${node[$1]}" "$logs/$1.log" --blocks 4096 --depth 16 --readers 8 --rate 150 --bursts \
        --flush-every 50 --fua-share 0.05 --seed $((seed * 1000 + writer_run)) >"$out/writer-$1" 2>"$out/writer-$1.errors" </dev/null &
    writer[$1]=$!
}

# watch_load: all of it runs, and no writer had anything to complain of. Cheap: after each round.
watch_load() {
    local name
    for name in "${stamped_devices[@]}"; do
        kill -0 "${writer[$name]}" 2>/dev/null || fail "the writer of $name ended: $(cat "$out/writer-$name"*)"
        [ ! -s "$out/writer-$name.errors" ] || fail "the writer of $name: $(head -n 5 "$out/writer-$name.errors")"
    done
    kill -0 "$verified_loop" 2>/dev/null || fail "fio ended: $(tail -n 5 "$out/fio.log")"
}

# end_writer NAME: what is in flight is finished; no I/O error, and its readers saw nothing wrong.
end_writer() {
    local name=$1 end=$((SECONDS + 60)) status=0
    kill -TERM "${writer[$name]}" || fail "the writer of $name was gone: $(cat "$out/writer-$name"*)"
    while kill -0 "${writer[$name]}" 2>/dev/null; do
        [ $SECONDS -lt $end ] || fail "the writer of $name does not end: $(cat "$out/writer-$name"*)"
        sleep 0.05
    done
    wait "${writer[$name]}" || status=$?
    [ "$status" = 0 ] || fail "the writer of $name ended with $status: $(cat "$out/writer-$name"*)"
    note "$name: $(tail -n 1 "$out/writer-$name")"
}

# verify_on: fio again and again, each run reading back all that it wrote.
verify_on() {
    local run=0 status
    until [ -e "$logs/enough" ]; do
        run=$((run + 1)) status=0
        nice -n 10 fio --output-format=json --output="$out/fio.json" --name=verified "${fio_verify_options[@]}" \
            --filename="${node[verified]}" --size=8m --iodepth=16 --rate_iops=60 --randseed=$((seed + run)) \
            >"$out/fio.log" 2>&1 </dev/null || status=$?
        [ "$status" = 0 ] || fail "fio run $run ended with $status: $(tail -n 5 "$out/fio.log")"
        [ "$(sed -n '/^{/,$p' "$out/fio.json" | jq '[.jobs[].error | select(. != 0)] | length')" = 0 ] || fail "fio run $run had errors"
        printf '%d\n' $run >"$out/fio-runs"
    done
}

start_load() {
    local name
    for name in "${stamped_devices[@]}"; do start_writer "$name"; done
    verify_on &
    verified_loop=$!
}

# end_verified_load: its last run ends by itself.
end_verified_load() {
    touch "$logs/enough"
    local end=$((SECONDS + 180))
    while kill -0 "$verified_loop" 2>/dev/null; do
        [ $SECONDS -lt $end ] || fail 'fio does not end'
        sleep 0.2
    done
    wait "$verified_loop" || fail 'fio failed'
    report "fio: $(cat "$out/fio-runs") runs, 0 errors, verification clean"
}

# checkpoint [end]: every block is what it must be, nothing came to stay, no error anywhere. The load goes on after it.
checkpoint() {
    local name checked complaints
    section "checkpoint after round $round"
    for name in "${stamped_devices[@]}"; do
        end_writer "$name"
        checked=$(timeout 120 stamped check "${node[$name]}" "$logs/$name.log") || fail "stamped check $name ended with $?: $checked"
        note "$name: $checked"
        [ "${1:-}" != end ] || report "$name: $(sed 's/ faults=.*//; s/stamped check: //' <<<"$checked"), 0 I/O errors, 0 faults," \
            "longest wait of the last run $(sed -n 's/.* longest_ms=\([0-9.]*\).*/\1/p' "$out/writer-$name") ms"
        [ "${1:-}" = end ] || start_writer "$name"
    done
    for name in "${devices[@]}"; do
        assert_eq "errors counted by the queues of $name" 0 "$(device_json "$name" '[.queues[].errors] | add')"
    done
    assert_population
    complaints=$(kernel_complaints) && fail "the kernel complains: $(head -n 5 <<<"$complaints")"
}
