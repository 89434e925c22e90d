import ConfigText
import Configuration
import Testing

/// What is refused, where, and with which advice.
@Suite struct InvalidConfigurationTests {
    /// Keys of a device that would else be fine, on line 5: column, message, hint.
    @Test(arguments: [
        ("qeues = 1", "5:1 unknown key `qeues` in a device", "did you mean `queues`?"),
        ("queue-depth = 1", "5:1 unknown key `queue-depth` in a device", "did you mean `queue_depth`?"),
        ("Discard = true", "5:1 unknown key `Discard` in a device", "did you mean `discard`?"),
        ("directio = true", "5:1 unknown key `directio` in a device", "did you mean `direct_io`?"),
        ("zzzzz = 1", "5:1 unknown key `zzzzz` in a device", nil),
        ("spare_workers = 1", "5:1 unknown key `spare_workers` in a device", "it belongs into [daemon]"),
        ("queues = 0", "5:10 `queues` must be from 1 to 64, not 0", nil),
        ("queues = 65", "5:10 `queues` must be from 1 to 64, not 65", nil),
        (
            "queues = \"4\"", "5:10 `queues` must be an integer from 1 to 64, not a string",
            "without quotes: queues = 4"
        ),
        ("queues = 4.0", "5:10 `queues` must be an integer from 1 to 64, not a float", nil),
        ("queue_depth = 4097", "5:15 `queue_depth` must be from 1 to 4096, not 4097", nil),
        ("queue_depth = 0", "5:15 `queue_depth` must be from 1 to 4096, not 0", nil),
        ("id = -1", "5:6 `id` must be from 0 to 1048575, not -1", nil),
        ("id = 1048576", "5:6 `id` must be from 0 to 1048575, not 1048576", nil),
        (
            "autostart = \"true\"", "5:13 `autostart` must be true or false, not a string",
            "without quotes: autostart = true"
        ),
        ("autostart = 1", "5:13 `autostart` must be true or false, not an integer", nil),
        ("block_size = 256", "5:14 `block_size` must be from 512 to 4KiB, not 256", nil),
        ("block_size = \"8KiB\"", "5:14 `block_size` must be from 512 to 4KiB, not 8KiB", nil),
        ("block_size = 513", "5:14 `block_size` must be 512, 1024, 2048 or 4096, not 513", nil),
        ("max_io = \"2KiB\"", "5:10 `max_io` must be from 4KiB to 32MiB, not 2KiB", nil),
        ("max_io = \"33M\"", "5:10 `max_io` must be from 4KiB to 32MiB, not 33MiB", nil),
        ("max_io = 5000", "5:10 `max_io` must be a multiple of 4KiB, not 5000 bytes", nil),
        ("max_io = -1", "5:10 `max_io` must not be negative: -1", nil),
        ("max_io = \"10GB\"", "5:10 `10GB` is not a size", sizeHint),
        ("max_io = \"1 MiB\"", "5:10 `1 MiB` is not a size", sizeHint),
        ("max_io = \"1.5M\"", "5:10 `1.5M` is not a size", sizeHint),
        ("max_io = \"\"", "5:10 `` is not a size", sizeHint),
        ("max_io = \"4096\"", "5:10 `4096` is not a size", sizeHint),
        ("max_io = \"mib\"", "5:10 `mib` is not a size", sizeHint),
        ("max_io = \"99999999T\"", "5:10 `99999999T` is not a size", sizeHint),
        (
            "max_io = true", "5:10 `max_io` must be a size, not a boolean",
            "a number of bytes, or a string like \"10GiB\""
        ),
        ("owner = 0", "5:9 `owner` must be the name of a user, not an integer", nil),
        ("owner = \"\"", "5:9 `` cannot be the name of a user", nil),
        ("owner = \"a:b\"", "5:9 `a:b` cannot be the name of a user", nil),
        ("group = \"a b\"", "5:9 `a b` cannot be the name of a group", nil),
        ("mode = 660", "5:8 `mode` must be a string of octal digits, not an integer", nil),
        (
            "mode = \"0668\"", "5:8 `0668` is not the mode of a device node",
            "it is octal digits in quotes, like \"0660\""
        ),
        (
            "mode = \"7777\"", "5:8 `7777` is not the mode of a device node",
            "it is octal digits in quotes, like \"0660\""
        ),
        (
            "mode = \"rw\"", "5:8 `rw` is not the mode of a device node",
            "it is octal digits in quotes, like \"0660\""
        ),
        ("cpus = \"0-1\"", "5:8 `cpus` must be an array, not a string", cpuHint),
        ("cpus = [0]", "5:9 a CPU list must be a string, not an integer", cpuHint),
        ("cpus = [\"1-0\"]", "5:9 `1-0` is not a CPU list", cpuHint),
        ("cpus = [\"\"]", "5:9 `` is not a CPU list", cpuHint),
        ("cpus = [\"1,\"]", "5:9 `1,` is not a CPU list", cpuHint),
        ("cpus = [\"9000\"]", "5:9 `9000` is not a CPU list", cpuHint),
        ("cpus = [\"0\", \"1\"]", "5:8 `cpus` has 2 lists for 1 queue", "one list a queue"),
        ("cpus = []", "5:8 `cpus` has 0 lists for 1 queue", "one list a queue"),
        (
            "io_mode = \"zerocopy\"", "5:11 `io_mode` cannot be `zerocopy`",
            "did you mean \"zero-copy\"? It is one of \"auto\", \"copy\", \"zero-copy\", \"batch\""
        ),
        (
            "io_mode = \"fast\"", "5:11 `io_mode` cannot be `fast`",
            "It is one of \"auto\", \"copy\", \"zero-copy\", \"batch\""
        ),
        (
            "recovery = \"fail_io\"", "5:12 `recovery` cannot be `fail_io`",
            "did you mean \"fail-io\"? It is one of \"reissue\", \"fail-inflight\", \"fail-io\", \"none\""
        ),
        (
            "recovery = false",
            "5:12 `recovery` must be one of \"reissue\", \"fail-inflight\", \"fail-io\", \"none\", not a boolean",
            nil
        ),
        (
            "on_give_up = \"retri\"", "5:14 `on_give_up` cannot be `retri`",
            "did you mean \"retry\"? It is one of \"retry\", \"hold\", \"fail\""
        ),
        ("restart_burst = -1", "5:17 `restart_burst` must be from 0 to 1000, not -1", nil),
        (
            "restart_delay = 100", "5:17 `restart_delay` must be a duration, not an integer",
            "with its unit: \"100s\""
        ),
        ("restart_delay = \"100\"", "5:17 `100` is not a duration", durationHint),
        ("restart_delay = \"1m\"", "5:17 `1m` is not a duration", durationHint),
        ("restart_delay = \"1.5s\"", "5:17 `1.5s` is not a duration", durationHint),
        ("restart_delay = \"-1s\"", "5:17 `-1s` is not a duration", durationHint),
        (
            "restart_delay = \"99999999999999999999s\"", "5:17 `99999999999999999999s` is not a duration",
            durationHint
        ),
        ("restart_delay = \"off\"", "5:17 `restart_delay` cannot be off", durationHint),
        (
            "restart_delay = \"11s\"", "5:17 `restart_delay` (11s) is longer than `restart_delay_max` (10s)",
            nil
        ),
        (
            "restart_delay_max = \"50ms\"",
            "5:21 `restart_delay` (100ms) is longer than `restart_delay_max` (50ms)", nil
        ),
        ("restart_interval = \"0s\"", "5:20 `restart_interval` must be from 1s to 24h, not 0s", nil),
        ("stall_timeout = \"off\"", "5:17 `stall_timeout` cannot be off", durationHint),
        ("stall_timeout = \"1ms\"", "5:17 `stall_timeout` must be from 100ms to 1h, not 1ms", nil),
        ("request_timeout = \"none\"", "5:19 `none` is not a duration", "\(durationHint), or \"off\""),
        (
            "request_timeout = \"25h\"",
            "5:19 `request_timeout` must be from 100ms to 24h, or \"off\", not 25h", nil
        ),
    ])
    func keysOfADevice(line: String, error: String, hint: String?) {
        let text = "[device.d]\ntarget = \"file\"\npath = \"/d\"\nsize = \"1GiB\"\n\(line)\n"
        #expect(errors(text) == [error])
        #expect(checked(text).diagnostics.first?.hint == hint)
    }

    /// Whole documents.
    @Test(
        arguments: [
            ("[daemon]\nworker_usr = \"x\"", ["2:1 unknown key `worker_usr` in [daemon]"]),
            ("[daemon]\nqueues = 1", ["2:1 unknown key `queues` in [daemon]"]),
            ("[daemon]\nspare_workers = 65", ["2:17 `spare_workers` must be from 0 to 64, not 65"]),
            ("[daemon]\nmax_recoveries = 0", ["2:18 `max_recoveries` must be from 1 to 1024, not 0"]),
            ("[daemon]\ncontrol_timeout = \"off\"", ["2:19 `control_timeout` cannot be off"]),
            ("[daemon]\ninstance = \"a b\"", ["2:12 `a b` cannot name an instance"]),
            ("[daemon]\ninstance = 1", ["2:12 `instance` must be a name, not an integer"]),
            ("daemon = 1", ["1:1 `daemon` must be a table, not an integer"]),
            ("[[defaults]]", ["1:3 `defaults` must be a table, not an array of tables"]),
            ("[[device]]\ntarget = \"null\"", ["1:3 `device` must be a table, not an array of tables"]),
            ("[[device.d]]\ntarget = \"null\"", ["1:10 `d` must be a table, not an array of tables"]),
            ("[device]\ntarget = \"null\"", ["2:1 `target` stands in [device] itself, not in a device"]),
            ("[device]\ndata = \"null\"", ["2:1 `data` must be a table, not a string"]),
            ("queues = 1", ["1:1 unknown section `queues`"]),
            ("instance = \"x\"", ["1:1 unknown section `instance`"]),
            ("[data]\ntarget = \"null\"", ["1:2 unknown section `data`"]),
            ("[devices.a]\ntarget = \"null\"", ["1:2 unknown section `devices`"]),
            ("[defaults]\npath = \"/x\"", ["2:1 `path` names one device and cannot stand in [defaults]"]),
            ("[defaults]\nid = 1", ["2:1 `id` names one device and cannot stand in [defaults]"]),
            ("[defaults]\nqueus = 1", ["2:1 unknown key `queus` in [defaults]"]),
            (
                "[defaults]\nqueues = 0\n[device.a]\ntarget = \"null\"\nsize = 512\n[device.b]\ntarget = \"null\"\nsize = 512",
                ["2:10 `queues` must be from 1 to 64, not 0"]
            ),
            ("[device.d]", ["1:1 device `d` has no `target`"]),
            ("[device.d]\ntarget = \"fil\"", ["2:10 unknown target `fil`"]),
            ("[device.d]\ntarget = \"nbd\"", ["2:10 unknown target `nbd`"]),
            ("[device.d]\ntarget = 1", ["2:10 `target` must be the name of a target, not an integer"]),
            (
                "[device.d]\ntarget = \"file\"",
                ["1:1 device `d` has no `path`, which the target \"file\" needs"]
            ),
            (
                "[device.d]\ntarget = \"null\"",
                ["1:1 device `d` has no `size`, which the target \"null\" needs"]
            ),
            (
                "[device.d]\ntarget = \"memory\"",
                ["1:1 device `d` has no `size`, which the target \"memory\" needs"]
            ),
            (
                "[device.d]\ntarget = \"null\"\nsize = 512\npath = \"/x\"\ncreate = true\ndirect_io = true",
                [
                    "4:1 `path` does not fit the target \"null\"",
                    "5:1 `create` does not fit the target \"null\"",
                    "6:1 `direct_io` does not fit the target \"null\"",
                ]
            ),
            ("[device.d]\ntarget = \"file\"\npath = \"x\"", ["3:8 `path` must be an absolute path"]),
            (
                "[device.d]\ntarget = \"file\"\npath = \"/x\\u0000\"",
                ["3:8 `path` cannot be the path of a file"]
            ),
            ("[device.d]\ntarget = \"file\"\npath = \"/x\"\ncreate = true", ["4:1 `create` needs a `size`"]),
            ("[device.d]\ntarget = \"null\"\nsize = 0", ["3:8 `size` must be at least 512, not 0"]),
            (
                "[device.d]\ntarget = \"null\"\nsize = 1000",
                ["3:8 `size` must be a multiple of the block size, 512 bytes, not 1000"]
            ),
            (
                "[device.d]\ntarget = \"null\"\nsize = 512\nblock_size = 4096",
                ["3:8 `size` must be a multiple of the block size, 4096 bytes, not 512"]
            ),
            ("[device.\"a b\"]\ntarget = \"null\"", ["1:9 `a b` cannot name a device"]),
            ("[device.-a]", ["1:9 `-a` cannot name a device"]),
            ("[device.\"é\"]", ["1:9 `é` cannot name a device"]),
            ("[device.\"\"]", ["1:9 `` cannot name a device"]),
            (
                "[device.a]\ntarget = \"null\"\nsize = 512\nid = 3\n[device.b]\ntarget = \"null\"\nsize = 512\nid = 3",
                ["8:6 id 3 is taken by device `a`"]
            ),
            (
                "[device.a]\ntarget = \"file\"\npath = \"/x/y\"\n[device.b]\ntarget = \"file\"\npath = \"/x//./y\"",
                ["6:8 this path is opened for writing by device `a` already"]
            ),
            (
                "[device.a]\ntarget = \"file\"\npath = \"/x/y\"\nread_only = true\n[device.b]\ntarget = \"file\"\npath = \"/x/y\"",
                ["7:8 this path is served by device `a` already"]
            ),
            (
                "[device.a]\ntarget = \"file\"\npath = \"/x/y\"\nread_only = true\n[device.b]\ntarget = \"file\"\npath = \"/x/y\"\nread_only = true",
                []
            ),
            (
                "[device.a]\ntarget = \"null\"\nsize = 512\npartitions = true\n[device.a-part2]\ntarget = \"null\"\nsize = 512",
                ["5:9 the name `a-part2` is that of a partition of device `a`"]
            ),
        ] as [(String, [String])])
    func documents(text: String, expected: [String]) { #expect(errors(text) == expected) }

    @Test(arguments: [
        ("[devices.a]", "did you mean `device.NAME`?"), ("[data]", "a device is `[device.data]`"),
        ("queues = 1", "it belongs into `[device.NAME]`, or into `[defaults]` for all devices"),
        ("instance = 1", "it belongs into `[daemon]`"), ("[deamon]", "did you mean `daemon`?"),
        (
            "[device.d]\ntarget = \"fil\"",
            "did you mean \"file\"? Targets are \"null\", \"memory\", \"file\", \"fault\""
        ),
        (
            "[device.d]\ntarget = \"nbd\"",
            "it is not in this version of ublkd, which has \"null\", \"memory\", \"file\", \"fault\""
        ),
        ("[device.d]\ntarget = \"zfs\"", "targets are \"null\", \"memory\", \"file\", \"fault\""),
    ])
    func hints(text: String, hint: String) { #expect(checked(text).diagnostics.first?.hint == hint) }

    @Test func whatDidNotParseIsNotMissedAsWell() {
        #expect(
            errors("[device.d]\ntarget = file\npath = /x\n") == [
                "2:10 `file` is not a value", "3:8 `/x` is not a value",
            ])
    }

    @Test func atMostFiftyOfAll() {
        let text = (0..<40).map { "k\($0) = \n" }.joined() + (0..<40).map { "u\($0) = 1\n" }.joined()
        #expect(errors(text).count == 50)
    }
}

private let sizeHint = "a size is a number of bytes, or a string like \"512KiB\", \"10GiB\" (K, M, G, T)"
private let cpuHint = "one CPU list a queue: [\"0-1\", \"2,3\"]"
private let durationHint = "a duration is a string like \"250ms\", \"10s\", \"5min\""
