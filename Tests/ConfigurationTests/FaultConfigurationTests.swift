import ConfigText
import Configuration
import Testing

/// The target `fault`: another target below, and what goes wrong over it.
@Suite struct FaultConfigurationTests {
    @Test func aBaseOfEachKindInEveryForm() throws {
        let devices = try configuration(
            """
            [defaults]
            delay = "5ms"
            direct_io = false
            [device.a]
            target = "fault"
            base = { target = "file", path = "/srv/a.img", x-note = 1 }
            size = "1MiB"
            create = true
            error_rate = 0.25
            hang_every = 1000
            [device.b]
            target = "fault"
            size = 512
            delay = "0s"
            [device.b.base]
            target = "null"
            [device.c]
            target = "fault"
            base.target = "memory"
            size = 4096
            error_rate = 1
            [device.d]
            target = "null"
            size = 512
            """
        ).devices
        #expect(devices.map(\.target) == [.file(path: "/srv/a.img"), .null, .memory, .null])
        #expect(devices.map(\.targetName) == ["fault", "fault", "fault", "null"])
        #expect(devices.map(\.create) == [true, false, false, false])
        #expect(devices.map(\.directIO) == [false, true, true, true])
        #expect(
            devices.map(\.faults) == [
                FaultConfiguration(delay: .milliseconds(5), errorRate: 0.25, hangEvery: 1000),
                FaultConfiguration(), FaultConfiguration(delay: .milliseconds(5), errorRate: 1), nil,
            ])
    }

    /// Lines after `target = "fault"`, from line 3 on.
    @Test(
        arguments: [
            ("size = 512", ["1:1 device `d` has no `base`, which the target \"fault\" needs"]),
            (
                "base = { target = \"null\" }",
                ["1:1 device `d` has no `size`, which the base \"null\" needs"]
            ),
            ("base = { }\nsize = 512", ["3:8 `base` has no `target`"]),
            (
                "base = { target = \"file\" }",
                ["3:8 `base` has no `path`, which the target \"file\" needs"]
            ),
            (
                "base = { target = \"null\", path = \"/x\" }\nsize = 512",
                ["3:27 `path` does not fit the base \"null\""]
            ),
            (
                "base = { target = \"fault\", base = { target = \"null\" } }\nsize = 512",
                [
                    "3:19 a `fault` device cannot be the base of another",
                    "3:28 unknown key `base` in `base`",
                ]
            ),
            ("base = { target = \"nul\" }\nsize = 512", ["3:19 unknown target `nul`"]),
            ("base = { target = \"nbd\" }\nsize = 512", ["3:19 unknown target `nbd`"]),
            ("base = \"null\"\nsize = 512", ["3:8 `base` must be a table, not a string"]),
            ("[[device.d.base]]\ntarget = \"null\"", ["3:12 `base` must be a table, not an array"]),
            (
                "base = { target = \"file\", path = \"x\" }",
                ["3:34 `path` must be an absolute path"]
            ),
            (
                "base = { taget = \"null\", size = 512 }\nsize = 512",
                [
                    "3:8 `base` has no `target`", "3:10 unknown key `taget` in `base`",
                    "3:26 unknown key `size` in `base`",
                ]
            ),
            (
                "path = \"/x\"\nbase = { target = \"null\" }\nsize = 512\ncreate = true\ndirect_io = true",
                [
                    "3:1 `path` does not fit the target \"fault\"",
                    "6:1 `create` does not fit the base \"null\"",
                    "7:1 `direct_io` does not fit the base \"null\"",
                ]
            ),
            (
                "base = { target = \"null\" }\nsize = 512\ndelay = \"2h\"\nerror_rate = 1.5\nhang_every = -1",
                [
                    "5:9 `delay` must be from 0s to 1h, not 2h",
                    "6:14 `error_rate` must be from 0 to 1, not 1.5",
                    "7:14 `hang_every` must be from 0 to 1000000000, not -1",
                ]
            ),
            (
                "base = { target = \"null\" }\nsize = 512\ndelay = \"off\"\nerror_rate = nan\nhang_every = 0.5",
                [
                    "5:9 `delay` cannot be off", "6:14 `error_rate` must be from 0 to 1, not nan",
                    "7:14 `hang_every` must be an integer from 0 to 1000000000, not a float",
                ]
            ),
            (
                "base = { target = \"null\" }\nsize = 512\nerror_rate = \"0.1\"\nerorr_rate = 0.1",
                [
                    "5:14 `error_rate` must be a number from 0 to 1, not a string",
                    "6:1 unknown key `erorr_rate` in a device",
                ]
            ),
            (
                "base = { target = \"null\" }\nsize = 512\nerror_rate = 2",
                ["5:14 `error_rate` must be from 0 to 1, not 2"]
            ),
        ] as [(String, [String])])
    func whatIsRefused(lines: String, expected: [String]) {
        #expect(errors("[device.d]\ntarget = \"fault\"\n\(lines)") == expected)
    }

    @Test func keysOfAFaultFitNoOtherTarget() {
        #expect(
            errors(
                "[device.d]\ntarget = \"null\"\nsize = 512\nbase = { target = \"null\" }\nerror_rate = 0.1")
                == [
                    "4:1 `base` does not fit the target \"null\"",
                    "5:1 `error_rate` does not fit the target \"null\"",
                ])
    }

    @Test func aBaseNamesOneDevice() {
        #expect(
            errors("[defaults]\nbase = { target = \"null\" }\nhang_every = 3\n")
                == ["2:1 `base` names one device and cannot stand in [defaults]"])
    }

    @Test(arguments: [
        ("base = { tagret = \"null\" }", "did you mean `target`?"),
        (
            "base = { target = \"null\", create = true }",
            "it is a key of the device itself: put it beside `base`"
        ),
        (
            "base = { target = \"fille\" }",
            "did you mean \"file\"? Targets are \"null\", \"memory\", \"file\""
        ),
        ("base = { target = \"fault\" }", "a base is one of \"null\", \"memory\", \"file\""),
        ("path = \"/x\"", "it belongs into its base: base = { target = \"file\", path = \"/…\" }, say"),
        ("base = 1", "base = { target = \"file\", path = \"/…\" }, say"),
        ("error_rate = \"0.1\"", "without quotes: error_rate = 0.1"),
    ])
    func hints(line: String, hint: String) {
        let found = checked("[device.d]\ntarget = \"fault\"\nsize = 512\n\(line)\n").diagnostics
        #expect(found.contains { $0.hint == hint }, "\(found.map(\.hint))")
    }

    @Test func oneBackendWrittenThroughAFaultIsWrittenTwice() {
        let plain = "[device.a]\ntarget = \"file\"\npath = \"/x/y\"\n"
        let trial = "[device.b]\ntarget = \"fault\"\nbase = { target = \"file\", path = \"/x//y\" }\n"
        #expect(errors(plain + trial) == ["6:34 this path is opened for writing by device `a` already"])
        #expect(errors(trial + plain) == ["6:8 this path is opened for writing by device `b` already"])
        let reading = "read_only = true\n"
        #expect(
            errors(plain + trial + reading) == ["6:34 this path is opened for writing by device `a` already"])
        #expect(errors(plain + reading + trial + reading).isEmpty)
    }

    @Test func whatDidNotParseIsNotMissedAsWell() {
        #expect(
            errors("[device.d]\ntarget = \"fault\"\nbase = { target = null }\nsize = 512")
                == ["3:19 `null` is not a value"])
    }
}
