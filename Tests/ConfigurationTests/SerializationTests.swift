import Configuration
import Testing

/// The last good configuration is read back as what it was.
@Suite struct SerializationTests {
    @Test func aConfigurationOfSeveralFiles() throws {
        let host = try configuration(
            """
            x-mine = 1
            [daemon]
            instance = "lab"
            shutdown_grace = "90s"
            [defaults]
            queues = 3
            direct_io = false
            create = true
            request_timeout = "1500ms"
            [device]
            a = {target = "file", path = "/srv/\\"q\\"\\\\\\u0001\\u007f é.img"}
            """,
            dropIns: [
                ("1.toml", "device.b.target = \"memory\"\ndevice.b.size = \"1GiB\"\ndevice.b.id = 4"),
                (
                    "2.toml",
                    """
                    [device]
                    [device.c]
                    target = "null"
                    size = 4096
                    block_size = 4096
                    cpus = ["0-1,3", "2", "0"]
                    mode = "0007"
                    """
                ),
            ])
        let text = serialize(host)
        #expect(try configuration(text) == host)
        #expect(checked(text).diagnostics.isEmpty)
    }

    @Test func everyValueOfEveryChoice() throws {
        var host = HostConfiguration()
        for (index, mode) in RecoveryMode.allCases.enumerated() {
            var device = DeviceConfiguration(name: "r\(index)", target: .file(path: "/r\(index)"))
            device.recovery = mode
            device.ioMode = IOMode.allCases[index % IOMode.allCases.count]
            device.onGiveUp = OnGiveUp.allCases[index % OnGiveUp.allCases.count]
            device.autostart = index.isMultiple(of: 2)
            device.readOnly = index.isMultiple(of: 2)
            device.size = UInt64(index + 1) << 30
            device.create = true
            device.restartBurst = index
            host.devices.append(device)
        }
        #expect(try configuration(serialize(host)) == host)
    }

    @Test func faultsOverEveryBase() throws {
        var host = HostConfiguration()
        let bases: [TargetConfiguration] = [.null, .memory, .file(path: "/srv/\"q\" é.img")]
        for (index, base) in bases.enumerated() {
            var device = DeviceConfiguration(name: "f\(index)", target: base)
            device.size = 1 << 20
            device.faults = FaultConfiguration(
                delay: .milliseconds(UInt64(index) * 1500), errorRate: [0, 1e-9, 1][index],
                hangEvery: UInt32(index) * 1000)
            host.devices.append(device)
        }
        host.devices[2].create = true
        host.devices[2].directIO = false
        let text = serialize(host)
        #expect(try configuration(text) == host)
        #expect(checked(text).diagnostics.isEmpty)
    }

    @Test func whatIsShownOfAFaultIsWhatItsFileSays() {
        var device = DeviceConfiguration(name: "f", target: .file(path: "/srv/f.img"))
        device.faults = FaultConfiguration(delay: .milliseconds(20), errorRate: 0.25, hangEvery: 7)
        let options = device.spelledOut
        #expect(device.targetName == "fault")
        #expect(options["target"] == "\"fault\"")
        #expect(options["base"] == "{ target = \"file\", path = \"/srv/f.img\" }")
        #expect(options["path"] == nil)
        #expect(
            ["delay", "error_rate", "hang_every", "direct_io"].map { options[$0] }
                == ["\"20ms\"", "0.25", "7", "true"])
    }

    @Test func nothing() throws {
        #expect(try configuration(serialize(HostConfiguration())) == HostConfiguration())
    }
}
