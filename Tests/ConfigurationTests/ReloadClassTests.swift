import Configuration
import Testing

/// What a change of each key costs a running device.
@Suite struct ReloadClassTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let key: String
        let expected: ReloadClass
        let change: @Sendable (inout DeviceConfiguration) -> Void
        var testDescription: String { key }

        init(
            _ key: String, _ expected: ReloadClass,
            _ change: @escaping @Sendable (inout DeviceConfiguration) -> Void
        ) {
            self.key = key
            self.expected = expected
            self.change = change
        }
    }

    static let cases = [
        Case("target", .recreate) { $0.target = .memory },
        Case("path", .recreate) { $0.target = .file(path: "/b") },
        Case("id", .recreate) { $0.id = 3 }, Case("autostart", .live) { $0.autostart = false },
        Case("size", .live) { $0.size = 2 << 30 }, Case("size", .recreate) { $0.size = 1 << 20 },
        Case("size", .recreate) { $0.size = nil }, Case("create", .live) { $0.create = true },
        Case("queues", .recreate) { $0.queues = 2 }, Case("queue_depth", .recreate) { $0.queueDepth = 64 },
        Case("block_size", .recreate) { $0.blockSize = 4096 }, Case("max_io", .recreate) { $0.maxIO = 4096 },
        Case("read_only", .recreate) { $0.readOnly = true },
        Case("discard", .recreate) { $0.discard = false },
        Case("direct_io", .worker) { $0.directIO = false },
        Case("partitions", .recreate) { $0.partitions = true },
        Case("owner", .live) { $0.owner = "a" }, Case("group", .live) { $0.group = "a" },
        Case("mode", .live) { $0.mode = 0o600 }, Case("cpus", .live) { $0.cpus = [[0]] },
        Case("io_mode", .recreate) { $0.ioMode = .copy },
        Case("lock_memory", .worker) { $0.lockMemory = false },
        Case("recovery", .recreate) { $0.recovery = .failIO },
        Case("restart_delay", .live) { $0.restartDelay = .seconds(1) },
        Case("restart_delay_max", .live) { $0.restartDelayMax = .seconds(1) },
        Case("restart_burst", .live) { $0.restartBurst = 0 },
        Case("restart_interval", .live) { $0.restartInterval = .seconds(1) },
        Case("on_give_up", .live) { $0.onGiveUp = .fail },
        Case("stall_timeout", .live) { $0.stallTimeout = .seconds(1) },
        Case("request_timeout", .live) { $0.requestTimeout = .seconds(1) },
    ]

    private static var device: DeviceConfiguration {
        var device = DeviceConfiguration(name: "d", target: .file(path: "/a"))
        device.size = 1 << 30
        return device
    }

    @Test(arguments: cases)
    func eachKey(_ given: Case) {
        var changed = Self.device
        given.change(&changed)
        #expect(
            changes(from: Self.device, to: changed) == [
                KeyChange(key: given.key, reloadClass: given.expected)
            ])
        #expect(changes(from: changed, to: changed).isEmpty)
    }

    @Test func aPathToTheSameFileIsAHandOver() {
        let moved = DeviceConfiguration(name: "d", target: .file(path: "/b"))
        let found = changes(
            from: DeviceConfiguration(name: "d", target: .file(path: "/a")), to: moved,
            leadsToSameBackend: true)
        #expect(found == [KeyChange(key: "path", reloadClass: .worker)])
    }

    private static func trial(_ target: TargetConfiguration, _ faults: FaultConfiguration)
        -> DeviceConfiguration
    {
        var device = DeviceConfiguration(name: "d", target: target)
        device.faults = faults
        return device
    }

    @Test func faultsAreAHandOverAndTheirBaseIsTheDisk() {
        let old = Self.trial(.file(path: "/a"), FaultConfiguration(delay: .milliseconds(5)))
        let other = FaultConfiguration(delay: .zero, errorRate: 0.5, hangEvery: 9)
        let found = changes(from: old, to: Self.trial(.null, other))
        #expect(found.map(\.key) == ["base", "delay", "error_rate", "hang_every"])
        #expect(found.map(\.reloadClass) == [.recreate, .worker, .worker, .worker])
        // What a hand-over can bring is there before the disk is made anew.
        #expect(old.taking(DeviceChanges(found).worker, from: Self.trial(.null, other)).faults == other)
        #expect(old.taking(DeviceChanges(found).worker, from: Self.trial(.null, other)).target == old.target)
        #expect(
            changes(
                from: old, to: Self.trial(.file(path: "/b"), old.faults ?? other), leadsToSameBackend: true)
                == [KeyChange(key: "base", reloadClass: .worker)])
    }

    @Test func withOrWithoutFaultsIsAnotherTarget() {
        let plain = DeviceConfiguration(name: "d", target: .file(path: "/a"))
        let trial = Self.trial(.file(path: "/a"), FaultConfiguration(delay: .seconds(1)))
        for (old, new) in [(plain, trial), (trial, plain)] {
            let found = changes(from: old, to: new)
            #expect(found == [KeyChange(key: "target", reloadClass: .recreate)])
            #expect(old.taking(found, from: new) == new)
        }
    }

    @Test func pathsAreBytes() {
        let composed = DeviceConfiguration(name: "d", target: .file(path: "/\u{E9}"))
        let decomposed = DeviceConfiguration(name: "d", target: .file(path: "/e\u{301}"))
        #expect(composed != decomposed)
        #expect(changes(from: composed, to: decomposed).map(\.key) == ["path"])
    }

    @Test func growthNeedsAKernelThatCan() {
        var grown = Self.device
        grown.size = 2 << 30
        let found = changes(from: Self.device, to: grown, kernelCanGrow: false)
        #expect(found == [KeyChange(key: "size", reloadClass: .recreate)])
    }

    @Test func aDeviceKeepsTheIdThatIsNoLongerAskedFor() {
        var old = Self.device
        old.id = 3
        #expect(changes(from: old, to: Self.device).isEmpty)
    }

    @Test func severalChangesAndTheStrictest() {
        var changed = Self.device
        changed.mode = 0o600
        changed.directIO = false
        let found = changes(from: Self.device, to: changed)
        #expect(found.map(\.key) == ["direct_io", "mode"])
        #expect(found.map(\.reloadClass).max() == .worker)
    }
}
