# shellcheck shell=bash
# What a case says about itself: comment lines "# key: value" in its head.

# case_field FILE KEY DEFAULT
case_field() {
    local value
    value=$(sed -n "1,20s/^# $2: *//p" "$1" | head -n 1)
    printf '%s\n' "${value:-$3}"
}

# case_runs_on FILE KERNEL: the case is for this kernel, as --kernel names it. A head names families: "7" stands
# for every 7.x, "6.12" for every 6.12.x; a kernel between the two runs what either of them runs. A name with a
# third number is that kernel alone.
case_runs_on() {
    local name kernel=$2
    for name in $(case_field "$1" kernels '7 6.12'); do
        case $name in
            "$kernel") return 0 ;;
            *.*.*) continue ;;
        esac
        case $kernel in
            "$name".*) return 0 ;;
            6.1[3-9]*) return 0 ;;
        esac
    done
    return 1
}

# case_is_ordinary FILE KERNEL: the case belongs to a whole run on this kernel: any, unless the head says "ordinary: K".
case_is_ordinary() {
    local name
    for name in $(case_field "$1" ordinary "$2"); do
        [ "$name" != "$2" ] || return 0
    done
    return 1
}
