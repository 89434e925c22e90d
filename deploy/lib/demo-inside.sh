#!/bin/bash
# demo-inside.sh PROGRAMS RECOVERY: the demonstration itself, where a ublk driver is. PROGRAMS is the folder of
# ublkd, ublkd-worker and ublkctl. RECOVERY: reissue, or none for the sabotage.
# Everything it makes is in one temporary folder and in instance "demo", and gone at its end.
set -uo pipefail
programs=$1 recovery=$2
PATH=$programs:$PATH
rounds=3 # kills of each device before ublkd itself is killed

work=$(mktemp -d "${TMPDIR:-/var/tmp}/ublkd-demo.XXXXXX")
chmod 755 "$work"
conf=$work/ublkd.toml
runtime=$work/run
mount_point=$work/mnt
mkdir -p "$runtime" "$mount_point"
began=$(cut -d' ' -f1 /proc/uptime)
kills=0 recovered=0 io_errors=0 verify=ok ublkd_pid='' loads=()

title() { printf '\n== %s\n' "$*"; }
ctl() { ublkctl --socket "$runtime/org.ublkd" "$@"; }
# facts NAME: sets state, pid, recoveries, downtime (ms), node and message of the device. One call: in an
# emulated guest a program's start is not cheap.
facts() {
    IFS=$'\t' read -r state pid recoveries downtime node message < <(ctl show "$1" --json 2>/dev/null |
        jq -r '(.device // .) | [.state, .workerPid // 0, .recoveries // 0,
            (.lastRecovery.downtimeSeconds // 0) * 1000, .node // "-", .message // "-"] | @tsv')
}
node_of() { facts "$1" && printf '%s\n' "$node"; }

# soon SECONDS COMMAND...: true as soon as the command is, false after that time.
soon() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

give_up() {
    printf 'demo: %s\n' "$*"
    [ ! -s "$work/ublkd.log" ] || tail -n 20 "$work/ublkd.log"
    printf 'kills=%d recovered=%d io_errors=%d verify=failed\n' "$kills" "$recovered" "$io_errors"
    exit 1
}

clean_up() {
    trap - EXIT
    touch "$work/enough"
    [ ${#loads[@]} -eq 0 ] || { kill "${loads[@]}" 2>/dev/null && wait "${loads[@]}" 2>/dev/null; }
    ! mountpoint -q "$mount_point" || umount -l "$mount_point"
    if [ -n "$ublkd_pid" ]; then
        ctl stop --all --force --timeout 20s >/dev/null 2>&1
        kill "$ublkd_pid" 2>/dev/null && wait "$ublkd_pid" 2>/dev/null
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# write_config EXTRA: the three devices, and what EXTRA adds.
write_config() {
    local user=ublkd-worker
    id "$user" >/dev/null 2>&1 || user=nobody
    cat >"$conf.new" <<TOML
[daemon]
instance = "demo"
worker_user = "$user"

[defaults]
recovery = "$recovery"

[device.nothing]
target = "null"
size = "1GiB"

[device.scratch]
target = "memory"
size = "64MiB"
queues = 2

[device.data]
target = "file"
path = "$work/data.img"
create = true
size = "256MiB"
queues = 2
$1
TOML
    mv "$conf.new" "$conf"
}

start_ublkd() {
    setsid ublkd --config "$conf" --runtime-dir "$runtime" --worker "$programs/ublkd-worker" \
        >>"$work/ublkd.log" 2>&1 </dev/null &
    ublkd_pid=$!
    soon 20 ctl status || [ "$recovery" = none ] || give_up 'ublkd does not answer'
}

all_live() { ctl status --json | jq -e '[.devices[].state == "live"] | length >= 3 and all'; }

# load LABEL FILE MIB: verified random I/O, run after run, until the end; each run's report is kept.
load() {
    local label=$1 file=$2 mib=$3 run=0
    until [ -e "$work/enough" ]; do
        run=$((run + 1))
        nice fio --name="$label" --filename="$file" --size="${mib}m" --rw=randrw --bs=4k --iodepth=32 \
            --ioengine=io_uring --direct=1 --verify=crc32c --verify_backlog=256 --verify_fatal=1 \
            --verify_dump=0 --output-format=json --output="$work/fio-$label-$run.json" \
            >>"$work/fio.log" 2>&1 </dev/null || return
        touch "$work/verified-$label"
    done
}

# read_nothing: what a null device can show is that its I/O goes on.
read_nothing() {
    local run=0
    until [ -e "$work/enough" ]; do
        run=$((run + 1))
        nice fio --name=nothing --filename="$1" --size=256m --rw=randread --bs=4k --iodepth=4 --ioengine=io_uring \
            --direct=1 --rate_iops=200 --time_based --runtime=4 --output-format=json \
            --output="$work/fio-nothing-$run.json" >>"$work/fio.log" 2>&1 </dev/null || return
    done
}

is_recovered() {
    facts "$1"
    [ "$state" = live ] && [ "${recoveries:-0}" -gt "$2" ]
}

# kill_worker NAME: -9, and how it came back.
kill_worker() {
    local name=$1 patience=20 victim
    [ "$recovery" != none ] || patience=3
    kills=$((kills + 1))
    facts "$name"
    victim=$pid
    if [ "${victim:-0}" -le 1 ] || ! kill -KILL "$victim" 2>/dev/null; then
        printf 'kill %2d: %-8s has no worker\n' "$kills" "$name"
    elif soon "$patience" is_recovered "$name" "${recoveries:-0}"; then
        recovered=$((recovered + 1))
        printf 'kill %2d: %-8s worker %6s → %-6s recovered in %4.0f ms\n' "$kills" "$name" "$victim" "$pid" "$downtime"
    else
        printf 'kill %2d: %-8s worker %6s: NOT recovered: %s %s\n' "$kills" "$name" "$victim" "$state" "$message"
    fi
}

title "three devices, from a file ($(uname -r))"
write_config ''
sed -n '/^\[device/,$p' "$conf"
start_ublkd
soon 20 all_live || give_up "not all devices are live: $(ctl status 2>&1)"
ctl status

title 'ext4 on data; fio writes, reads back and verifies on data and scratch, and reads from nothing'
disk=$(node_of data)
mkfs.ext4 -q "$disk" && mount "$disk" "$mount_point" || give_up "no file system on $disk"
load data "$mount_point/fio" 16 &
loads+=($!)
load scratch "$(node_of scratch)" 16 &
loads+=($!)
read_nothing "$(node_of nothing)" &
loads+=($!)
sleep 1

title "$((rounds * 3)) workers are killed with -9"
for ((round = 0; round < rounds; round++)); do
    for name in data scratch nothing; do
        kill_worker "$name"
        sleep "0.$((RANDOM % 9))"
    done
done

title 'ublkd itself is killed with -9, under the same load, and started again'
pids() { ctl status --json | jq -r '[.devices[] | "\(.name) \(.workerPid)"] | sort | join(", ")'; }
before=$(pids)
kill -KILL "$ublkd_pid"
wait "$ublkd_pid" 2>/dev/null
sleep 1
start_ublkd
soon 10 all_live
printf 'workers before: %s\nworkers after:  %s\n' "$before" "$(pids)"
[ "$before" = "$(pids)" ] || [ "$recovery" = none ] || give_up 'the new ublkd replaced workers'
kill_worker data

title 'a device is added: the file is edited, SIGHUP'
write_config '
[device.more]
target = "null"
size = "2GiB"'
kill -HUP "$ublkd_pid"
is_added() { facts more && [ "$state" = live ]; }
soon 10 is_added || [ "$recovery" = none ] || give_up 'it was not added'
ctl list

title 'a broken edit is refused, and nothing changes'
sed 's/^queues = 2$/queeus = 2/;s/"2GiB"/2GiB/' "$conf" >"$conf.new" && mv "$conf.new" "$conf"
if ctl reload; then give_up 'a broken file was taken'; fi
write_config ''
ctl reload >/dev/null 2>&1

title 'the load ends, everything is verified'
touch "$work/enough"
for load in "${loads[@]}"; do
    wait "$load" || verify=failed
done
loads=()
for label in data scratch; do
    [ -e "$work/verified-$label" ] || verify=failed
done
for report in "$work"/fio-*.json; do
    io_errors=$((io_errors + $(sed -n '/^{/,$p' "$report" | jq '[.jobs[] | .total_err // (if .error == 0 then 0 else 1 end)] | add // 0')))
done
kernel_errors=$(dmesg | awk -v began="$began" -F'[][]' '$2 + 0 >= began' | grep -c 'I/O error.*ublkb')
io_errors=$((io_errors + kernel_errors))
sync -f "$mount_point" 2>/dev/null
umount "$mount_point" || verify=failed
e2fsck -fn "$disk" >"$work/fsck.log" 2>&1 || verify=failed
tail -n 1 "$work/fsck.log"
ctl status
printf '\nkills=%d recovered=%d io_errors=%d verify=%s\n' "$kills" "$recovered" "$io_errors" "$verify"
[ "$kills" -gt 0 ] && [ "$recovered" -eq "$kills" ] && [ "$io_errors" -eq 0 ] && [ "$verify" = ok ]
