# shellcheck shell=bash
# What a case says about itself: comment lines "# key: value" in its head.

# case_field FILE KEY DEFAULT
case_field() {
    local value
    value=$(sed -n "1,20s/^# $2: *//p" "$1" | head -n 1)
    printf '%s\n' "${value:-$3}"
}
