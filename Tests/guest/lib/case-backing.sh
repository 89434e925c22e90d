# shellcheck shell=bash
# What the cases of the backing store share; sourced after case.sh: disks to break, a stamped load, a bystander, and the
# books: that nothing leaked, and that nobody else noticed anything.

logs=/dev/shm # not on what is tested, and not on a disk

# ---- disks to break -----------------------------------------------------------------------------------------

# memory_disk NAME MIB: a block device whose contents are in memory; sets disk to its path.
memory_disk() {
    modprobe loop
    truncate -s "$2M" "/dev/shm/$1.disk" || fail 'no room'
    disk=$(losetup --find --show "/dev/shm/$1.disk") || fail 'no loop device'
}

# mapped NAME LINE...: makes the device-mapper device NAME with this table, or gives it this table under its users' I/O.
mapped() {
    local name=$1 verb=create
    shift
    modprobe dm_mod
    ! dmsetup info "$name" >/dev/null 2>&1 || verb=reload
    printf '%s\n' "$@" | dmsetup "$verb" "$name" || fail "dmsetup $verb $name"
    [ $verb = create ] || dmsetup resume --nolockfs "$name" || fail "dmsetup resume $name"
    udevadm settle --timeout=20
}

# whole DISK: the table that passes everything through.
whole() { printf '0 %s linear %s 0\n' "$(blockdev --getsz "$1")" "$1"; }

# with_hole DISK FIRST COUNT: the table whose sectors from FIRST on, COUNT of them, fail.
with_hole() {
    local after=$(($2 + $3))
    printf '0 %s linear %s 0\n' "$2" "$1"
    printf '%s %s error\n' "$2" "$3"
    printf '%s %s linear %s %s\n' "$after" $(($(blockdev --getsz "$1") - after)) "$1" "$after"
}

# ---- the stamped load ---------------------------------------------------------------------------------------

declare -A stamped_pids=()
# stamped_start LABEL NAME [OPTION...]: writes and reads on the device NAME, logged under LABEL.
stamped_start() {
    local label=$1 node
    node=$(node_of "$2")
    shift 2
    nice -n 10 stamped write "$node" "$logs/$label.log" --depth 16 --readers 8 --rate 400 "$@" \
        >"$out/stamped-$label" 2>"$out/stamped-$label.errors" </dev/null &
    stamped_pids[$label]=$!
}

stamped_runs() { kill -0 "${stamped_pids[$1]}" 2>/dev/null; }

# number KEY: the value of KEY=N in standard input.
number() { sed -n "s/.*[ :]$1=\([0-9.]*\).*/\1/p" | tail -n 1; }

# stamped_stop LABEL [ERRORS]: ends it when what is in flight is answered; its readers saw nothing wrong. Errors fail the
# case, unless they are wanted: then their number is left in $errors.
stamped_stop() {
    local label=$1 said end
    end=$((SECONDS + $(patience 60)))
    stamped_runs "$label" || fail "the load $label ended: $(cat "$out/stamped-$label"*)"
    kill -TERM "${stamped_pids[$label]}"
    while stamped_runs "$label"; do
        [ $SECONDS -lt $end ] || fail "the load $label does not end: $(cat "$out/stamped-$label"*)"
        sleep 0.05
    done
    wait "${stamped_pids[$label]}"
    unset "stamped_pids[$label]"
    said=$(tail -n 1 "$out/stamped-$label")
    note "$label: $said"
    assert_contains "what the readers of $label saw" "$said" ' faults=0 '
    assert_at_least "writes of $label" 1 "$(number writes <<<"$said")"
    errors=$(number errors <<<"$said")
    [ "${2:-}" = errors ] || [ "$errors" = 0 ] || fail "$errors errors of $label: $(head -n 5 "$out/stamped-$label.errors")"
}

# stamped_check LABEL NAME [OPTION...]: no acknowledged write is lost, and nothing older is back.
stamped_check() {
    local label=$1 node said
    node=$(node_of "$2")
    shift 2
    said=$(timeout 120 stamped check "$node" "$logs/$label.log" "$@") || fail "what $label wrote: $said"
    note "$label: $(tail -n 1 <<<"$said")"
}

# ---- the others, and the books ------------------------------------------------------------------------------

# bystander: the configuration of a device that is to notice nothing.
bystander() {
    printf '%s\n' '[device.other]' 'target = "memory"' 'size = "16MiB"' 'queues = 2'
}

# at_rest: what processes and descriptors there are. Those of a worker count with its device: a new one has as many.
at_rest() {
    local pid name fds
    fds=("/proc/$ublkd_pid"/fd/*)
    printf 'ublkd: %d descriptors\n' "${#fds[@]}"
    for pid in $(pgrep '^ublkd-'); do
        name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
        case $name in
            ublkd-w/*)
                fds=("/proc/$pid"/fd/*)
                # the kernel's own helpers of a ring come and go
                printf '%s: %d descriptors, %d threads\n' "$name" "${#fds[@]}" \
                    "$(cat "/proc/$pid"/task/*/comm 2>/dev/null | grep -vc '^iou-')"
                ;;
            *) printf '%s\n' "$name" ;;
        esac
    done | sort
}
ublkd_memory() { awk '/^VmRSS:/ { print $2 }' "/proc/$ublkd_pid/status"; }
balances() { diff <(printf '%s\n' "$books") <(at_rest) >"$out/books.diff"; }

# open_books: everybody is live; from here on the bystander has load, and nothing may come to stay.
open_books() {
    stamped_start other other --rate 150
    sleep 1
    wait_until 20 has_spare
    books=$(at_rest)
    books_memory=$(ublkd_memory)
    other_worker=$(worker_pid other)
}

# close_books [LONGEST_MS]: the bystander has noticed nothing (its slowest request took no longer), and nothing leaked.
close_books() {
    local longest=${1:-15000}
    stamped_stop other
    stamped_check other other
    within 'the slowest request of the bystander, ms' "$longest" "$(number longest_ms <"$out/stamped-other")"
    assert_eq 'the worker of the bystander' "$other_worker" "$(worker_pid other)"
    assert_eq 'recoveries of the bystander' 0 "$(device_json other '.recoveries + ([.queues[].recoveries] | add)')"
    assert_eq 'errors of the bystander' 0 "$(errors_of other)"
    wait_until 20 balances
    assert_at_most 'memory of ublkd, KiB' $((books_memory + 6144)) "$(ublkd_memory)"
}

# ---- what is asked of a device ------------------------------------------------------------------------------

errors_of() { device_json "$1" '[.queues[].errors] | add'; }
last_error_of() { device_json "$1" '[.queues[].lastError // empty] | join("; ")'; }
is_reason() { [ "$(device_json "$1" '"\(.state) \(.reason)"')" = "$2 $3" ]; }
# wait_reason NAME STATE REASON
wait_reason() { wait_until 30 is_reason "$@"; }

# stayed NAME PID: its worker is the same and was not recovered.
stayed() {
    assert_eq "the worker of $1" "$2" "$(worker_pid "$1")"
    assert_eq "worker recoveries of $1" 0 "$(recoveries_of "$1")"
}

# read_at NODE BYTE [COUNT]: blocks of 4 KiB, past the page cache.
read_at() { timeout 60 dd if="$1" of=/dev/null bs=4096 skip=$(($2 / 4096)) count="${3:-1}" iflag=direct status=none; }
# write_at NODE BYTE [COUNT]
write_at() { timeout 60 dd if=/dev/urandom of="$1" bs=4096 seek=$(($2 / 4096)) count="${3:-1}" oflag=direct conv=notrunc status=none; }
# fails_with TEXT COMMAND...: an error that says TEXT.
fails_with() {
    local text=$1 said
    shift
    ! said=$("$@" 2>&1) || fail "it was to fail: $*"
    assert_contains "what '$*' says" "$said" "$text"
}

# waits LABEL: its load has no answer to anything, and no error.
waits() {
    stamped_runs "$1" || fail "the load $1 ended: $(cat "$out/stamped-$1"*)"
    # A request that waits for long is told of, and is no error
    ! grep -E '(write|read) of block [0-9]+: |FLUSH: ' "$out/stamped-$1.errors" || fail "the load $1 has errors"
}
# moves NAME: it completes requests; its load may have to wait for a CPU.
completed() { device_json "$1" '[.queues[] | .reads + .writes] | add'; }
moves() {
    local before try
    before=$(completed "$1")
    for try in 1 2 3 4 5 6 7 8; do
        sleep 0.5
        [ "$(completed "$1")" -le "$before" ] || return 0
    done
    return 1
}
