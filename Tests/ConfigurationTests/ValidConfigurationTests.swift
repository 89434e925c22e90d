import ConfigText
import Configuration
import Testing

/// What a configuration without errors means.
@Suite struct ValidConfigurationTests {
    @Test func nothingConfigured() throws {
        #expect(try configuration("") == HostConfiguration())
        #expect(try configuration("[daemon]\n[defaults]\n[device]\n") == HostConfiguration())
    }

    /// The defaults are a promise: they are spelled out here once more.
    @Test func defaults() throws {
        let host = try configuration("[device.d]\ntarget = \"null\"\nsize = \"1GiB\"")
        let daemon = host.daemon
        #expect(daemon.workerUser == "ublkd-worker" && daemon.instance == "default")
        #expect(daemon.controlTimeout == .seconds(5) && daemon.startTimeout == .seconds(20))
        #expect(daemon.shutdownGrace == .seconds(15))
        #expect(daemon.spareWorkers == 1 && daemon.maxRecoveries == 16)
        let device = try #require(host.devices.first)
        #expect(device.name == "d" && device.target == .null && device.size == 1 << 30 && device.id == nil)
        #expect(device.autostart && !device.create && device.queues == 1 && device.queueDepth == 128)
        #expect(device.blockSize == nil && device.maxIO == 512 << 10)
        #expect(!device.readOnly && device.discard && device.directIO && !device.partitions)
        #expect(device.owner == "root" && device.group == "disk" && device.mode == 0o660)
        #expect(device.cpus == nil && device.ioMode == .auto && device.lockMemory)
        #expect(device.recovery == .reissue && device.onGiveUp == .retry)
        #expect(device.restartDelay == .milliseconds(100) && device.restartDelayMax == .seconds(10))
        #expect(device.restartBurst == 5 && device.restartInterval == .seconds(60))
        #expect(device.stallTimeout == .seconds(10) && device.requestTimeout == nil)
    }

    @Test func everyKeyOfTheDaemon() throws {
        let daemon = try configuration(
            """
            [daemon]
            worker_user = "root"
            control_timeout = "250ms"
            spare_workers = 0
            max_recoveries = 1
            start_timeout = "1min"
            shutdown_grace = "0s"
            instance = "lab-2"
            """
        ).daemon
        var expected = DaemonSettings()
        expected.workerUser = "root"
        expected.controlTimeout = .milliseconds(250)
        expected.spareWorkers = 0
        expected.maxRecoveries = 1
        expected.startTimeout = .seconds(60)
        expected.shutdownGrace = .seconds(0)
        expected.instance = "lab-2"
        #expect(daemon == expected)
    }

    @Test func everyKeyOfADevice() throws {
        let device = try #require(
            try configuration(
                """
                [device.d]
                target = "file"
                path = "/srv/ü.img"
                id = 1048575
                autostart = false
                size = "10G"
                create = true
                queues = 2
                queue_depth = 4096
                block_size = "4KiB"
                max_io = 1_048_576
                read_only = true
                discard = false
                direct_io = false
                partitions = true
                owner = "1000"
                group = "backup"
                mode = "640"
                cpus = ["3,0-1", "2"]
                io_mode = "zero-copy"
                lock_memory = false
                recovery = "fail-inflight"
                restart_delay = "1s"
                restart_delay_max = "1s"
                restart_burst = 0
                restart_interval = "1h"
                on_give_up = "hold"
                stall_timeout = "30s"
                request_timeout = "2min"
                """
            ).devices.first)
        var expected = DeviceConfiguration(name: "d", target: .file(path: "/srv/ü.img"))
        expected.id = 1_048_575
        expected.autostart = false
        expected.size = 10 << 30
        expected.create = true
        expected.queues = 2
        expected.queueDepth = 4096
        expected.blockSize = 4096
        expected.maxIO = 1 << 20
        expected.readOnly = true
        expected.discard = false
        expected.directIO = false
        expected.partitions = true
        expected.owner = "1000"
        expected.group = "backup"
        expected.mode = 0o640
        expected.cpus = [[0, 1, 3], [2]]
        expected.ioMode = .zeroCopy
        expected.lockMemory = false
        expected.recovery = .failInflight
        expected.restartDelay = .seconds(1)
        expected.restartDelayMax = .seconds(1)
        expected.restartBurst = 0
        expected.restartInterval = .seconds(3600)
        expected.onGiveUp = .hold
        expected.stallTimeout = .seconds(30)
        expected.requestTimeout = .seconds(120)
        #expect(device == expected)
    }

    @Test func aDevicesOwnKeyWinsOverDefaultsWhereverTheyStand() throws {
        let devices = try configuration(
            """
            [device.a]
            queue_depth = 64
            request_timeout = "off"
            [device.b]
            target = "memory"
            size = "2MiB"
            [defaults]
            target = "null"
            size = "1MiB"
            queue_depth = 32
            request_timeout = "5s"
            """
        ).devices
        #expect(devices.map(\.queueDepth) == [64, 32])
        #expect(devices.map(\.requestTimeout) == [nil, .seconds(5)])
        #expect(devices.map(\.target) == [.null, .memory])
        #expect(devices.map(\.size) == [1 << 20, 2 << 20])
    }

    /// A default speaks of the devices that it fits.
    @Test func defaultsThatDoNotFitATargetAreNoError() throws {
        let devices = try configuration(
            """
            [defaults]
            create = true
            direct_io = false
            [device.a]
            target = "null"
            size = "1MiB"
            [device.b]
            target = "file"
            path = "/b"
            [device.c]
            target = "file"
            path = "/c"
            size = "1MiB"
            """
        ).devices
        #expect(devices.map(\.directIO) == [true, false, false])
        #expect(devices.map(\.create) == [false, false, true])
    }

    @Test func keysLeftToTheUserAreIgnoredAnywhere() throws {
        let result = checked(
            """
            x-note = 1
            _note = 1
            [x-mine]
            a = 1
            [daemon]
            x-note = 1
            [defaults]
            _note = { a = 1 }
            [device.d]
            target = "null"
            size = "1MiB"
            x-note = "y"
            [device.x-d.y]
            [device._d]
            q = 1
            """)
        #expect(result.configuration?.devices.map(\.name) == ["d"])
        #expect(result.diagnostics.isEmpty)
    }

    @Test func aTemplateThatLooksLikeADeviceIsPointedOut() {
        let result = checked("[device.x-data]\ntarget = \"null\"\nsize = 512")
        #expect(result.configuration?.devices.isEmpty == true)
        #expect(result.diagnostics.map(\.severity) == [.warning])
    }

    @Test func moreQueuesThanCPUsAreLimitedWithAWarning() throws {
        let result = checked(
            """
            [defaults]
            queues = 6
            cpus = ["0", "1", "2", "3", "0", "1"]
            target = "null"
            size = "1MiB"
            [device.a]
            [device.b]
            """)
        let devices = try #require(result.configuration).devices
        #expect(devices.map(\.queues) == [4, 4])
        #expect(devices.map(\.cpus?.count) == [4, 4])
        #expect(
            result.diagnostics.map { $0.headline } == [
                "ublkd.toml:2:10: warning: 6 queues are more than this host's CPUs: 4 will be used"
            ])
    }

    @Test(arguments: ["a", "9", "A-b_C", String(repeating: "n", count: 64), "data-part1"])
    func namesOfDevices(name: String) throws {
        #expect(
            try configuration("[device.\(name)]\ntarget=\"null\"\nsize=512").devices.map(\.name) == [name])
    }

    @Test func twoReadersOfOneFile() throws {
        let text = "target = \"file\"\npath = \"/a\"\nread_only = true\n"
        #expect(try configuration("[device.a]\n\(text)[device.b]\n\(text)").devices.count == 2)
    }

    @Test func dottedKeysAndInlineTablesAreTablesToo() throws {
        let devices = try configuration(
            """
            device.a = {target = "null", size = 512}
            device.b.target = "null"
            device.b.size = 512
            """
        ).devices
        #expect(devices.map(\.name) == ["a", "b"])
    }
}
