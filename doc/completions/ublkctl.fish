function __ublkctl_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __ublkctl_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __ublkctl_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __ublkctl_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __ublkctl_parse_tokens -S
    set -l unparsed_tokens (__ublkctl_tokens -pc)
    switch $unparsed_tokens[1]
    case 'ublkctl'
        __ublkctl_parse_subcommand 0 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'status'
            __ublkctl_parse_subcommand -r 1 'all' 'watch' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'list'
            __ublkctl_parse_subcommand 0 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'show'
            __ublkctl_parse_subcommand 1 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'plan'
            __ublkctl_parse_subcommand 0 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'reload'
            __ublkctl_parse_subcommand 0 'recreate=+' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'start'
            __ublkctl_parse_subcommand -r 1 'all' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'stop'
            __ublkctl_parse_subcommand -r 1 'all' 'force' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'restart'
            __ublkctl_parse_subcommand -r 1 'all' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'recover'
            __ublkctl_parse_subcommand 1 'queue=+' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'upgrade'
            __ublkctl_parse_subcommand -r 1 'all' 'force' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'wait'
            __ublkctl_parse_subcommand -r 1 'state=' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'events'
            __ublkctl_parse_subcommand 0 'follow' 'since=' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'check'
            __ublkctl_parse_subcommand 1 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'cleanup'
            __ublkctl_parse_subcommand 1 'dry-run' 'json' 'socket=' 'timeout=' 'no-wait' 'quiet' 'version' 'h/help'
        case 'help'
            __ublkctl_parse_subcommand -r 1 'version'
        end
    end
end

function __ublkctl_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __ublkctl_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __ublkctl_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __ublkctl_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__ublkctl_tokens -p)
    if test -z "$(__ublkctl_tokens -t)"
        set -l index (count (__ublkctl_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'ublkctl' -f
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'status' -d 'Show all devices, or some, in a table.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'list' -d 'Print the names of all devices, one a line.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'show' -d 'Show everything of one device, each queue included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'plan' -d 'Show what a reload would do, without doing it.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'reload' -d 'Read the configuration again and apply what differs.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'start' -d 'Start devices and wait until they serve.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'stop' -d 'Stop devices and wait until they are gone.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'restart' -d 'Stop devices, start them again and wait until they serve.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'recover' -d 'Recover a device now: its worker, or single queues in place.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'upgrade' -d 'Hand devices over to fresh workers of the installed program.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'wait' -d 'Wait until devices are in a state.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'events' -d 'Show what happened, newest last.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'check' -d 'Check a configuration offline, drop-ins included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'cleanup' -d 'Remove an orphan: a device of ours that no configuration names.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl status" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" all' -l 'all' -d 'Also show the ublk devices of other programs and instances.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" watch' -l 'watch' -d 'Go on: every second on a terminal, elsewhere whenever something changed.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl show" -eq 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl show" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl plan" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload"' -l 'recreate' -d 'Devices that may be made anew for their difference.' -rfka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl reload" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl start" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" all' -l 'all' -d 'Every device of this ublkd.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl start" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl stop" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" all' -l 'all' -d 'Every device of this ublkd.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" force' -l 'force' -d 'Stop a device that is in use too; the I/O of its users fails.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl stop" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl restart" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" all' -l 'all' -d 'Every device of this ublkd.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl restart" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl recover" -eq 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover"' -l 'queue' -d 'These queues only, by index from 0.' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl recover" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl upgrade" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" all' -l 'all' -d 'Every device of this ublkd.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" force' -l 'force' -d 'Hand over a device too whose recovery mode lets I/O fail.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl upgrade" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl wait" -ge 1' -fka '(ublkctl list 2>/dev/null)'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" state' -l 'state' -d 'The state to wait for.' -rfka 'absent starting live recovering degraded failed held stopping stopped pending-removal'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl wait" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" follow' -l 'follow' -d 'Go on with what happens from now on.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" since' -l 'since' -d 'Only what came after this number.' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl events" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_positional "ublkctl check" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'toml\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" dry-run' -l 'dry-run' -d 'Say what would be done, and do nothing.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" json' -l 'json' -d 'Answer with one JSON object on standard output, errors included.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" socket' -l 'socket' -d 'The socket of ublkd.' -rF
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" timeout' -l 'timeout' -d 'How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; none for --follow and --watch)' -rfka ''
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" no-wait' -l 'no-wait' -d 'Do not wait until the devices are as asked.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" quiet' -l 'quiet' -d 'Print nothing but errors.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" version' -l 'version' -d 'Show the version.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl cleanup" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ublkctl' -n '__ublkctl_should_offer_completions_for_flags_or_options "ublkctl help" version' -l 'version' -d 'Show the version.'
