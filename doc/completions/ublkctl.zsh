#compdef ublkctl

__ublkctl_complete() {
    local -ar non_empty_completions=("${@:#(|:*)}")
    local -ar empty_completions=("${(M)@:#(|:*)}")
    _describe -V '' non_empty_completions -- empty_completions -P $'\'\''
}

__ublkctl_custom_complete() {
    local -a completions
    completions=("${(@f)"$("${command_name}" "${@}" "${command_line[@]}")"}")
    if [[ "${#completions[@]}" -gt 1 ]]; then
        __ublkctl_complete "${completions[@]:0:-1}"
    fi
}

__ublkctl_cursor_index_in_current_word() {
    if [[ -z "${QIPREFIX}${IPREFIX}${PREFIX}" ]]; then
        printf 0
    else
        printf %s "${#${(z)LBUFFER}[-1]}"
    fi
}

_ublkctl() {
    emulate -RL zsh -G
    setopt extendedglob nullglob numericglobsort
    unsetopt aliases banghist

    local -xr SAP_SHELL=zsh
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(builtin emulate zsh -c 'printf %s "${ZSH_VERSION}"')"
    local -r SAP_SHELL_VERSION

    local context state state_descr line
    local -A opt_args

    local -r command_name="${words[1]}"
    local -ar command_line=("${words[@]}")
    local -ir current_word_index="$((CURRENT - 1))"

    local -i ret=1
    local -ar arg_specs=(
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
        '(-): :->command'
        '(-)*:: :->arg'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0
    case "${state}" in
    command)
        local -ar subcommands=(
            'status:Show all devices, or some, in a table.'
            'list:Print the names of all devices, one a line.'
            'show:Show everything of one device, each queue included.'
            'plan:Show what a reload would do, without doing it.'
            'reload:Read the configuration again and apply what differs.'
            'start:Start devices and wait until they serve.'
            'stop:Stop devices and wait until they are gone.'
            'restart:Stop devices, start them again and wait until they serve.'
            'recover:Recover a device now: its worker, or single queues in place.'
            'upgrade:Hand devices over to fresh workers of the installed program.'
            'wait:Wait until devices are in a state.'
            'events:Show what happened, newest last.'
            'check:Check a configuration offline, drop-ins included.'
            'cleanup:Remove an orphan: a device of ours that no configuration names.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        status|list|show|plan|reload|start|stop|restart|recover|upgrade|wait|events|check|cleanup|help)
            "_ublkctl_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_ublkctl_status() {
    local -i ret=1
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--all[Also show the ublk devices of other programs and instances.]'
        '--watch[Go on\: every second on a terminal, elsewhere whenever something changed.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_list() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_show() {
    local -i ret=1
    local -ar arg_specs=(
        ':name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_plan() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_reload() {
    local -i ret=1
    local -ar arg_specs=(
        '--recreate[Devices that may be made anew for their difference.]:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_start() {
    local -i ret=1
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--all[Every device of this ublkd.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_stop() {
    local -i ret=1
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--all[Every device of this ublkd.]'
        '--force[Stop a device that is in use too; the I/O of its users fails.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_restart() {
    local -i ret=1
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--all[Every device of this ublkd.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_recover() {
    local -i ret=1
    local -ar arg_specs=(
        ':name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--queue[These queues only, by index from 0.]:queue:'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_upgrade() {
    local -i ret=1
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--all[Every device of this ublkd.]'
        '--force[Hand over a device too whose recovery mode lets I/O fail.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_wait() {
    local -i ret=1
    local -ar ___state=('absent' 'starting' 'live' 'recovering' 'degraded' 'failed' 'held' 'stopping' 'stopped' 'pending-removal')
    local -ar arg_specs=(
        '*:name:{local -a list;list=(${(f)"$(ublkctl list 2>/dev/null)"});_describe -V "" list}'
        '--state[The state to wait for.]:state:{__ublkctl_complete "${___state[@]}"}'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_events() {
    local -i ret=1
    local -ar arg_specs=(
        '--follow[Go on with what happens from now on.]'
        '--since[Only what came after this number.]:seq:'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_check() {
    local -i ret=1
    local -ar arg_specs=(
        ':file:_files -g '\''*.toml'\'''
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_cleanup() {
    local -i ret=1
    local -ar arg_specs=(
        ':name:'
        '--dry-run[Say what would be done, and do nothing.]'
        '--json[Answer with one JSON object on standard output, errors included.]'
        '--socket[The socket of ublkd.]:path:_files'
        '--timeout[How long the whole command may take\: 250ms, 5min; a bare number is seconds. (default\: 30s; none for --follow and --watch)]:time:'
        '--no-wait[Do not wait until the devices are as asked.]'
        '--quiet[Print nothing but errors.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_ublkctl_help() {
    local -i ret=1
    local -ar arg_specs=(
        '*:subcommands:'
        '--version[Show the version.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

if [[ "${funcstack[1]}" = _ublkctl ]]; then
    _ublkctl "${@}"
else
    compdef _ublkctl ublkctl
fi
