import BlockABI
import Configuration
import DevicePolicy
import FoundationEssentials
import LinuxSys
import Testing

@testable import ublkd

@Suite("The files that ublkd keeps") struct StateStoreTests {
    private let folder: String
    private let store: StateStore

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/ublkd-state-\(UInt64.random(in: 0 ... .max))"
        store = StateStore(
            runtimeDirectory: folder + "/run", stateDirectory: folder + "/lib", bootID: "this boot")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try store.prepare()
    }

    private func leave() { try? FileManager.default.removeItem(atPath: folder) }

    private func record(boot: String = "this boot") -> DeviceRecord {
        DeviceRecord(
            bootID: boot, name: "data", deviceID: 3, cookie: 77, workerPID: 12, workerStart: 99,
            facts: BackendFacts(size: 4096), recoveries: 5, isStopped: false, queues: 2,
            configuration: "[device.data]\ntarget = \"null\"\n", isLeaving: false,
            givenUp: Failure(.poison, "three workers died of it"))
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        defer { leave() }
        try store.write(record())
        #expect(store.record(of: "data") == record())
        store.remove("data")
        #expect(store.record(of: "data") == nil)
    }

    @Test func aRecordOfAnotherBootOrDeviceIsNone() throws {
        defer { leave() }
        try store.write(record(boot: "another"))
        #expect(store.record(of: "data") == nil)
        try store.write(record())
        try AtomicFile.write(
            path: store.deviceDirectory + "/other.record",
            bytes: SmallFile.read(path: store.deviceDirectory + "/data.record", limit: 65_536), mode: 0o600)
        #expect(store.record(of: "other") == nil)
    }

    /// Cut at every length, and with every bit turned.
    @Test func aDamagedRecordIsNone() throws {
        defer { leave() }
        try store.write(record())
        let path = store.deviceDirectory + "/data.record"
        let whole = try SmallFile.read(path: path, limit: 65_536)
        for damaged in damages(of: whole) {
            try Data(damaged).write(to: URL(filePath: path))
            #expect(store.record(of: "data") == nil)
        }
    }

    @Test func aDamagedLastGoodConfigurationIsNone() throws {
        defer { leave() }
        let text = "[device.data]\ntarget = \"null\"\nsize = \"1GiB\"\n"
        try store.keepLastGood(text)
        #expect(store.lastGood() == Array(text.utf8))
        #expect(ConfigurationSource.lastGood(store)?.devices.map(\.name) == ["data"])
        let whole = try SmallFile.read(path: store.lastGoodPath, limit: 65_536)
        for damaged in damages(of: whole) {
            try Data(damaged).write(to: URL(filePath: store.lastGoodPath))
            #expect(store.lastGood() == nil)
        }
    }

    /// Its folder may have been deleted under a running ublkd.
    @Test func aRecordIsWrittenIntoADeletedFolder() throws {
        defer { leave() }
        try FileManager.default.removeItem(atPath: store.deviceDirectory)
        try store.write(record())
        #expect(store.record(of: "data") == record())
    }
}
