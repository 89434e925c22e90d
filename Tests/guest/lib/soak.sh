# shellcheck shell=bash
# The soak: how N rounds become guests, one after the other, and what they showed together. Needs say.sh, pace.sh.

# More rounds than this in one guest gain nothing, and a failure is found again in fewer.
soak_rounds_in_a_guest=500

# soak_plan ROUNDS SEED KERNEL...: one line "KERNEL soak-ROUNDS-SEED" for each guest. Every kernel gets as many guests as
# the others, every guest as many rounds, give or take one, and a seed of its own: SEED, SEED+1, …
soak_plan() {
    local rounds=$1 seed=$2 guests index
    shift 2
    guests=$(((rounds + soak_rounds_in_a_guest - 1) / soak_rounds_in_a_guest))
    guests=$(((guests + $# - 1) / $# * $#))
    for ((index = 0; index < guests; index++)); do
        [ $(((rounds + index) / guests)) -gt 0 ] || continue
        printf '%s soak-%d-%d\n' "${@:index % $# + 1:1}" $(((rounds + index) / guests)) $((seed + index))
    done
}

# soak_seconds ROUNDS: what a guest gets for them, as slow as it is here. An emulated one does one or two rounds a second,
# beside another one half.
soak_seconds() { paced $((600 + 6 * $1)); }

# soak_in_guest NAME GUEST-OPTION...: runs the guest of a line of the plan.
soak_in_guest() {
    local rounds seed limit
    IFS=- read -r _ rounds seed <<<"$1"
    shift
    limit=$(soak_seconds "$rounds")
    Tests/guest/guest "$@" --name "soak $rounds" --timeout $((limit + $(paced 45))) run \
        "exec timeout -k $(paced 15) $limit bash /t/soak/soak --rounds $rounds --seed $seed"
}

# soak_summary FOLDER...: what the guests that ended showed together, by kernel.
soak_summary() {
    local folder kernel
    for folder in "$@"; do
        kernel=${folder##*/}
        kernel=${kernel%%-soak-*}
        [ ! -s "$folder/out/rounds" ] || awk -v k="$kernel" '{ print k, "round", $2, $4 }' "$folder/out/rounds"
        [ ! -s "$folder/out/downtimes" ] || awk -v k="$kernel" '{ print k, "down", $1, $3 * 1000 }' "$folder/out/downtimes"
    done | sort -k1,1 -k2,2 -k4,4g | awk '
        function line(title, key) {
            if (n[key])
                printf "      %-30s n=%-5d p50 %8.1f  p90 %8.1f  p99 %8.1f  max %8.1f ms\n", title, n[key],
                    v[key, int((n[key] + 1) / 2)], v[key, int(n[key] * 0.9 + 0.5)], v[key, int(n[key] * 0.99 + 0.5)], v[key, n[key]]
        }
        {
            key = $1 " " $2
            v[key, ++n[key]] = $4
            kernels[$1]
        }
        $2 == "round" { kinds[$3]; count[$1, $3]++ }
        END {
            for (kernel in kernels) {
                text = ""
                for (kind in kinds) if (count[kernel, kind]) text = text " " kind "=" count[kernel, kind]
                printf "soak on %s: %d rounds:%s\n", kernel, n[kernel " round"], text
                line("downtime as ublkd tells it", kernel " down")
                line("a round, from blow to rest", kernel " round")
            }
        }'
}
