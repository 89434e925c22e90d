# shellcheck shell=bash
# The library of the cases; runs in the guest. A case is a bash script that sources this first. It ends well
# by reaching its end; an assertion that does not hold ends it with 1, `skip` with 77. At every end the
# kernel log is searched for warnings, and everything that tells what happened is copied to /t/out.
set -uo pipefail

t=/t
out=$t/out
bin=$t/bin
support=$t/support
conf=/etc/ublkd/ublkd.toml
runtime=/run/ublkd
ublkd_log=$out/ublkd.log
ublkd_pid=
allow_io_errors=no # a case that provokes I/O errors sets it to yes, or to reads: the kernel logs each of them
kernel_release=$(uname -r)
kernel_family=modern
case $kernel_release in 6.12.*) kernel_family=classic ;; 6.1[3-9].*) kernel_family=middle ;; esac

# A case that says "programs: points" gets programs that can be killed or stalled at chosen places.
points=/run/ublkd-points
if grep -q '^# programs: points$' "$0"; then
    bin=$t/bin-points
    [ -x "$bin/ublkd" ] || {
        echo 'FAILED: no programs with test points in the inbox: Tests/run builds them'
        exit 1
    }
    mkdir -p "$points"
    chmod 777 "$points"
fi
PATH=$bin:$support:$PATH
mkdir -p "$out" /etc/ublkd
cd "$out" || exit 1
boot=${BOOT:-1} # a case that left its machine with `leave` runs once more in each life of it
[ "$boot" -gt 1 ] || dmesg -C

# ---- what a case says ---------------------------------------------------------------------------------

section() { printf -- '--- %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
# report TEXT: a measurement, which the runner shows even of a case that passed.
report() {
    note "$*"
    printf '%s\n' "$*" >>"$out/report"
}

# distribution TITLE UNIT: of the numbers on standard input, one a line.
distribution() {
    local line
    line=$(sort -g | awk -v title="$1" -v unit="$2" '{ v[NR] = $1 } END {
        if (NR == 0) { print title ": no values"; exit }
        printf "%-28s n=%-3d min %8.2f  p50 %8.2f  p90 %8.2f  max %8.2f %s", title, NR, v[1],
            v[int((NR + 1) / 2)], v[int(NR * 0.9 + 0.5)], v[NR], unit }')
    report "$line"
}

# percentile FILE P: of the numbers in FILE, one a line.
percentile() { sort -g "$1" | awk -v p="$2" '{ v[NR] = $1 } END { i = int(NR * p / 100 + 0.5); print v[i < 1 ? 1 : i] }'; }

# full: the long form of a case is wanted (FULL=yes Tests/guest/guest --timeout S case NAME), not that of every day.
full() { [ "${FULL:-no}" = yes ]; }

# rounds N: how many of N rounds are made here: all on a machine of the pace for which limits of time were set, or in the long
# form; on a slower one those that fit in the same time, a third at least.
rounds() {
    if full; then echo "$1"; else awk -v n="$1" -v p="$PACE" 'BEGIN { if (p > 3) p = 3; r = n / p; print int(r) + (r > int(r)) }'; fi
}

# random_pause MAX_MS: sleeps up to so long.
random_pause() { sleep "$(awk -v m="$1" -v r="$SRANDOM" 'BEGIN { printf "%.3f", r % m / 1000 }')"; }

fail() {
    printf 'FAILED: %s\n' "$*"
    local frame=0 where
    while where=$(caller $frame); do
        case $where in */lib/case*.sh) ;; *) printf '  at %s\n' "$where" ;; esac
        frame=$((frame + 1))
    done
    kill -USR1 $$ # ends the case from a subshell as well
    exit 1
}

skip() {
    printf 'SKIPPED: %s\n' "$*"
    exit 77
}

# leave poweroff|reboot|reset|crash: ends this life of the machine: as systemctl does it, by a loss of power, or by the
# kernel at once (sysrq-b). After the last two its own disk, with what the case wrote beside the devices, is whole. The case
# is run again after the next boot, with boot=2, 3… and the seconds that the end took in OFF_SECONDS.
leaves=
leave() {
    leaves=$1
    printf '%s' "$missed" >"$out/missed"
    case $1 in reset | crash) sync -f / ;; esac
    exit 0
}

# assert WHAT COMMAND...: the command succeeds.
assert() {
    local what=$1 said
    shift
    said=$("$@" 2>&1) || fail "$what: '$*' ended with $?: $said"
}

assert_eq() { [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"; }
assert_contains() { [[ "$2" == *"$3"* ]] || fail "$1: '$3' is not in: $2"; }
assert_lacks() { [[ "$2" != *"$3"* ]] || fail "$1: '$3' is in: $2"; }
# at_most VALUE LIMIT: numbers, fractions allowed; no value is not within it.
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 <= b + 0) }'; }
# assert_at_most WHAT LIMIT VALUE: what does not depend on how fast the machine is: sizes, counts, and ratios of times that
# were measured in one run.
assert_at_most() { at_most "$3" "$2" || fail "$1: $3 is more than $2"; }
assert_at_least() { awk -v a="$3" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 >= b + 0) }' || fail "$1: $3 is less than $2"; }

# at_worst LIMIT: what a time may come to until it is a failure and no more a slow machine: the limit itself on one that is
# about as fast as the one it was set on, else as many times the limit as this one is slower, and half as much again for
# what emulation slows down more than the yardstick (lib/pace.sh).
PACE=${PACE:-1}
at_worst() { awk -v limit="$1" -v pace="$PACE" 'BEGIN { print pace <= 1.25 ? limit : limit * pace * 1.5 }'; }

# patience SECONDS: whole seconds after which something is taken for hung: as many times as long on a slow machine.
pace_percent=$(awk -v p="$PACE" 'BEGIN { printf "%.0f", (p > 1 ? p : 1) * 100 }')
patience() { echo $((($1 * pace_percent + 99) / 100)); }

# within WHAT LIMIT VALUE: a limit of time, of the clock or of a CPU. On a slow machine one that was missed, and is no
# failure yet, is no pass either: a case that held in everything else ends as skipped, with the figures.
missed=$(cat "$out/missed" 2>/dev/null)
within() {
    ! at_most "$3" "$2" || return 0
    assert_at_most "$1" "$(at_worst "$2")" "$3"
    missed+="${missed:+; }$1: $3, wanted $2"
}

# assert_status WHAT WANT COMMAND...: the command's exit status; its output is left in $said.
assert_status() {
    local what=$1 want=$2 got=0
    shift 2
    said=$("$@" 2>&1) || got=$?
    [ "$got" = "$want" ] || fail "$what: '$*' ended with $got, wanted $want: $said"
}

# wait_until SECONDS COMMAND...: tries until it succeeds; its failure after that is the case's. On a slow machine it has as
# many times the seconds: what must not take longer is judged by `within`.
wait_until() {
    local limit=$1 end
    shift
    end=$(($(stamp) + $(awk -v s="$limit" -v p="$PACE" 'BEGIN { printf "%.0f", s * 1e9 * (p > 1 ? p : 1) }')))
    until "$@" >/dev/null 2>&1; do
        [ "$(stamp)" -lt "$end" ] || fail "not so after $limit s: $*"
        sleep 0.05
    done
}

# seconds_since NS: from a stamp to now.
seconds_since() { awk -v a="$1" -v b="$(stamp)" 'BEGIN { printf "%.3f", (b - a) / 1e9 }'; }

# ---- ublkd --------------------------------------------------------------------------------------------

# config: standard input becomes the configuration, by a rename, as an editor does it.
config() {
    cat >"$conf.new"
    chmod 644 "$conf.new"
    mv "$conf.new" "$conf"
}

# install_rules: the udev rule of the project, which makes the nodes' names and owners.
install_rules() {
    cp "$t/deploy/systemd/59-ublkd.rules" /etc/udev/rules.d/
    udevadm control --reload
}

# install_ublkd [OPTION...]: programs, units and rule, by the installer, as on any host.
install_ublkd() { assert 'deploy/install' "$t/deploy/install" --programs "$bin" "$@"; }

# ublkd_property NAME: of ublkd.service.
ublkd_property() { systemctl show ublkd.service -P "$1"; }
# is_another PID: another process than PID is ublkd under systemd.
is_another() { [ "$(ublkd_property MainPID)" != "$1" ] && [ "$(ublkd_property ActiveState)" = active ]; }

# launch_ublkd [ARGUMENT...]: starts it and does not wait.
launch_ublkd() {
    [ -x "$bin/ublkd" ] || fail "no ublkd in the inbox: build first (swift build -c release --static-swift-stdlib)"
    setsid "$bin/ublkd" --config "$conf" --runtime-dir "$runtime" --worker "$bin/ublkd-worker" "$@" \
        >>"$ublkd_log" 2>&1 </dev/null &
    ublkd_pid=$!
}

# start_ublkd: starts it and waits until it answers.
start_ublkd() {
    launch_ublkd "$@"
    local limit end
    limit=$(patience 30)
    end=$((SECONDS + limit))
    until ublkctl status >/dev/null 2>&1; do
        kill -0 "$ublkd_pid" 2>/dev/null || {
            wait "$ublkd_pid"
            fail "ublkd ended with $? at its start: $(tail -n 20 "$ublkd_log")"
        }
        [ $SECONDS -lt $end ] || fail "ublkd does not answer $limit s after its start"
        sleep 0.02
    done
}

# stop_ublkd: SIGTERM; workers and devices stay.
stop_ublkd() {
    kill -TERM "$ublkd_pid" || fail "ublkd was gone"
    local status=0
    wait "$ublkd_pid" || status=$?
    assert_eq 'exit status of ublkd after SIGTERM' 0 "$status"
    ublkd_pid=
}

# kill_ublkd: SIGKILL.
kill_ublkd() {
    kill -KILL "$ublkd_pid" || fail "ublkd was gone"
    wait "$ublkd_pid" 2>/dev/null
    ublkd_pid=
}

# unless_busy WHAT COMMAND...: a stop or a restart succeeds; what it says is left in $said. It ends with 5 while somebody has
# the disk open: udev for a moment after each change and after each close of a writer, anybody else still after 20 s.
is_not_busy() { status=0; said=$("$@" 2>&1) || status=$?; [ "$status" != 5 ]; }
unless_busy() {
    local what=$1 status
    shift
    wait_until 20 is_not_busy "$@"
    [ "$status" = 0 ] || fail "$what: '$*' ended with $status: $said"
}

# once_free WHAT COMMAND...: the same once udev has looked: kernels without TRY_STOP_DEV would fail its read.
once_free() {
    assert 'udev has looked' udevadm settle --timeout="$(patience 60)"
    unless_busy "$@"
}
stop_all() { once_free 'stop' ublkctl stop --all; }

# warm_up: one life of ublkd with a device of its own, before something is timed: an emulated CPU translates
# each piece of code the first time it runs, which takes many times as long as to run it.
warm_up() {
    local kept=$conf.kept
    mv "$conf" "$kept"
    config <<<$'[device.warm]\ntarget = "null"\nsize = "16MiB"'
    start_ublkd
    wait_live warm
    kill_ublkd
    start_ublkd
    wait_live warm
    kill_worker warm >/dev/null
    wait_until 20 has_recovered warm 1
    stop_all
    stop_ublkd
    rm -rf "$runtime" /var/lib/ublkd
    mv "$kept" "$conf"
    mv "$ublkd_log" "$out/ublkd-warm.log"
}

# device_json NAME [JQ-FILTER]: what ublkd tells of the device (the call that `ublkctl show` makes, but cheap
# enough for a loop in an emulated machine).
device_json() {
    varlink call "$runtime/org.ublkd" org.ublkd.Show "{\"name\":\"$1\"}" | jq -r ".parameters.device | ${2:-.}"
}

# look_at NAME: sets state, pid, recoveries and node, each empty if the device has none. Without jq, which takes longer in an
# emulated machine than most of what is waited for.
look_at() {
    local row
    state='' pid='' recoveries='' node=''
    row=$(varlink devices "$runtime/org.ublkd" "$1" 2>/dev/null) || return 1
    read -r _ state pid recoveries _ node <<<"$row"
    pid=${pid#-} node=${node#-}
}

# told WHAT NAME: one of those.
told() {
    local state pid recoveries node
    look_at "$2"
    printf '%s\n' "${!1}"
}

state_of() { told state "$1"; }
worker_pid() { told pid "$1"; }
node_of() { told node "$1"; }
recoveries_of() { told recoveries "$1"; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
# wait_state NAME STATE [SECONDS]
wait_state() { wait_until "${3:-20}" is_state "$1" "$2"; }
wait_live() {
    local name
    for name in "$@"; do wait_state "$name" live; done
}

# has_recovered NAME COUNT: live, and recovered at least so often.
has_recovered() {
    local state pid recoveries node
    look_at "$1" && [ "$state" = live ] && [ "$recoveries" -ge "$2" ]
}

# kill_worker NAME [MS]: SIGKILL; prints the clock before and after, so many ms later.
kill_worker() {
    local pid
    pid=$(worker_pid "$1")
    [ -n "$pid" ] && [ "$pid" -gt 1 ] || fail "no worker of $1 to kill: pid '$pid'"
    stamp kill "$pid" ${2:+"$2"}
}

# cpu: hundredths of a second that ublkd has used.
cpu() { awk '{ print $14 + $15 }' "/proc/$ublkd_pid/stat"; }

# lives: each device that ublkd tells of: "NAME STATE PID", sorted; nothing where it does not answer.
lives() { varlink devices "$runtime/org.ublkd" 2>/dev/null | cut -d' ' -f1-3 | sort; }
# all_as TEXT: the devices are as `lives` told them before.
all_as() { [ "$(lives)" = "$1" ]; }
# count_live: how many devices are live.
count_live() { lives | grep -c ' live '; }
are_live() { [ "$(count_live)" = "$1" ]; }

# arm POINT.ACTION...: what is to happen at a test point (CUblk/test_points.h), once.
arm() {
    local file
    for file; do : >"$points/$file"; done
}

# happened POINT.ACTION: somebody came by.
happened() { [ ! -e "$points/$1" ]; }

# last_point: when the last test point happened, which takes a file away: nanoseconds of `stamp`.
last_point() {
    local at
    at=$(stat -c %.9Y "$points")
    awk -v at="$at" -v now="$(date +%s.%N)" -v stamp="$(stamp)" 'BEGIN { printf "%.0f", stamp - (now - at) * 1e9 }'
}

# disarm: nothing is to happen any more.
disarm() { rm -f "$points"/*; }

# workers: the pids of all worker processes: each is named ublkd-w/DEVICE or ublkd-w/spare, once it has named itself.
workers() { pgrep '^ublkd-w'; }
no_workers() { [ -z "$(workers)" ]; }
# has_spare: the next worker is ready; 0.4 s after the last one was taken its program is started.
has_spare() { pgrep '^ublkd-w/spare'; }

# ---- load -----------------------------------------------------------------------------------------------

declare -A fio_pids=()
# fio_start LABEL ARGUMENT...: fio in the background.
fio_start() {
    local label=$1
    shift
    # nice: the load is to leave the CPUs to what is tested
    nice -n 10 fio --output-format=json --output="$out/fio-$label.json" --name="$label" "$@" \
        >"$out/fio-$label.log" 2>&1 </dev/null &
    fio_pids[$label]=$!
}

fio_runs() { kill -0 "${fio_pids[$1]}" 2>/dev/null; }

# fio_verify_options: the load of the kill cases: random 4 KiB, depth 32, every written block read back
# and checked soon after, and all of it again at the end.
fio_verify_options=(--rw=randrw --bs=4k --iodepth=32 --ioengine=io_uring --direct=1 --verify=crc32c
    --verify_backlog=256 --verify_fatal=1 --verify_dump=0 --group_reporting)

# fio_finish LABEL: waits for it, and fails the case unless it ended with no error and did something.
fio_finish() {
    local label=$1 status=0 errors ios
    wait "${fio_pids[$label]}" || status=$?
    unset "fio_pids[$label]"
    errors=$(sed -n '/^{/,$p' "$out/fio-$label.json" | jq '[.jobs[].error] | map(select(. != 0)) | length')
    ios=$(sed -n '/^{/,$p' "$out/fio-$label.json" | jq '[.jobs[] | .read.total_ios + .write.total_ios] | add')
    { [ "$status" = 0 ] && [ "$errors" = 0 ]; } ||
        fail "fio $label ended with $status, $errors jobs with an error: $(tail -n 5 "$out/fio-$label.log")"
    [ "${ios:-0}" -gt 0 ] || fail "fio $label did no I/O"
    note "fio $label: $ios I/Os, 0 errors, verification clean"
}

# fio_stop LABEL: ends it; until then it had no error and did something.
fio_stop() {
    local label=$1 told
    fio_runs "$label" || fail "fio $label ended by itself: $(tail -n 5 "$out/fio-$label.log")"
    kill -INT "${fio_pids[$label]}"
    wait "${fio_pids[$label]}"
    unset "fio_pids[$label]"
    told=$(sed -n '/^{/,$p' "$out/fio-$label.json" |
        jq -r '"\([.jobs[].error | select(. != 0)] | length) \([.jobs[] | .read.total_ios + .write.total_ios] | add)"')
    assert_eq "errors of fio $label" 0 "${told% *}"
    assert_at_least "I/Os of fio $label" 1 "${told#* }"
}

# ---- the end ----------------------------------------------------------------------------------------------

# kernel_complaints: lines of the kernel log that must not be there.
kernel_complaints() {
    local pattern='WARNING: |BUG: |Oops|general protection|kernel NULL|blocked for more than|soft lockup|hung_task|refcount_t|use-after-free|Call Trace'
    case $allow_io_errors in
        no) pattern+='|I/O error|EXT4-fs error|XFS .*(error|corrupt)' ;;
        reads) pattern+='|I/O error.*:\((WRITE|DISCARD|FLUSH)|lost .*page write|EXT4-fs error|XFS .*(error|corrupt)' ;;
    esac
    dmesg | grep -E "$pattern"
}

# assert_no_leftovers: nothing of ublkd is left: no device, no process but (with ublkd running) itself and
# its spares.
assert_no_leftovers() {
    local nodes
    nodes=$(ls /dev/ublkb* /dev/ublkc* 2>/dev/null)
    assert_eq 'nodes left' '' "$nodes"
    # A spare dies with ublkd, which does not wait for it
    [ -n "$ublkd_pid" ] || wait_until 5 no_workers
}

keep_evidence() {
    dmesg >"$out/dmesg.log"
    ps axo pid,ppid,user,stat,wchan:32,rss,args >"$out/processes.log" 2>&1
    if [ -S "$runtime/org.ublkd" ]; then
        timeout 5 ublkctl status --all >"$out/status.log" 2>&1
        timeout 5 ublkctl events >"$out/events.log" 2>&1
    fi
    cp -r "$runtime"/dev "$out/records" 2>/dev/null
    cp "$conf" "$out/" 2>/dev/null
    ! command -v journalctl >/dev/null || journalctl -b --no-pager -n 400 >"$out/journal.log" 2>/dev/null
}

finish() {
    local status=$? complaints
    trap - EXIT USR1 TERM
    complaints=$(kernel_complaints)
    if [ -n "$complaints" ]; then
        printf 'FAILED: the kernel complains:\n%s\n' "$(head -n 20 <<<"$complaints")"
        [ "$status" = 77 ] || status=1
    fi
    keep_evidence
    if [ "$status" = 0 ] && [ -n "$leaves" ]; then
        mkdir -p "$out/boot-$boot"
        mv "$out"/*.log "$out"/*.json "$out/boot-$boot/" 2>/dev/null
        # the host knows these (lib/lives.py)
        case $leaves in poweroff) exit 101 ;; reboot) exit 102 ;; reset) exit 103 ;; crash) exit 104 ;; esac
    fi
    if [ "$status" = 0 ] && [ -n "$missed" ]; then
        printf 'SKIPPED: %s (this machine is %s times slower than what the limit is for)\n' "$missed" "$PACE"
        status=77
    fi
    if [ "$status" != 0 ] && [ "$status" != 77 ]; then
        [ ! -s "$ublkd_log" ] || { echo '--- the end of the log of ublkd:' && tail -n 30 "$ublkd_log"; }
        [ ! -s "$out/status.log" ] || cat "$out/status.log"
    fi
    exit "$status"
}
trap finish EXIT
trap 'printf "FAILED: not ended in time\n"; exit 124' TERM
trap 'exit 1' USR1
