import BlockABI
import FoundationEssentials
import LinuxSys

/// The files under the runtime and state directories. Every write replaces a file as a whole.
struct StateStore {
    let runtimeDirectory: String
    let stateDirectory: String
    let bootID: String

    var deviceDirectory: String { runtimeDirectory + "/dev" }
    var lastGoodPath: String { stateDirectory + "/last-good.toml" }
    var lockPath: String { runtimeDirectory + "/lock" }
    var socketPath: String { runtimeDirectory + "/org.ublkd" }

    func prepare() throws(Errno) {
        try FileTree.makeDirectory(runtimeDirectory, mode: 0o755)
        try FileTree.makeDirectory(deviceDirectory, mode: 0o700)
        try FileTree.makeDirectory(stateDirectory, mode: 0o700)
    }

    private static let recordKind = "ublkd-record"
    private static let configurationKind = "ublkd-last-good"

    /// Failure is the caller's to log: a full `/run` must not stop a recovery.
    func write(_ record: DeviceRecord) throws(Errno) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(record) else { throw Errno.invalidArgument }
        // The directory may have been deleted under a running ublkd.
        try? FileTree.makeDirectory(deviceDirectory, mode: 0o700)
        let sealed = SealedText.seal([UInt8](data), kind: Self.recordKind)
        TestPoint.pass("ublkd.record")
        try AtomicFile.write(path: path(record.name), bytes: sealed, mode: 0o600)
        TestPoint.pass("ublkd.recorded")
    }

    func remove(_ name: String) {
        FileTree.remove(path(name))
        TestPoint.pass("ublkd.forgotten")
    }

    /// Nil when there is none, or none that can be believed.
    func record(of name: String) -> DeviceRecord? {
        guard let sealed = try? SmallFile.read(path: path(name), limit: 64 * 1024),
            let bytes = SealedText.unseal(sealed, kind: Self.recordKind),
            let record = try? JSONDecoder().decode(DeviceRecord.self, from: Data(bytes)),
            record.version == DeviceRecord.currentVersion, record.bootID == bootID, record.name == name
        else { return nil }
        return record
    }

    /// Names of the devices that have a record, ascending.
    func recorded() -> [String] {
        FileTree.names(in: deviceDirectory).sorted().compactMap { file in
            file.hasSuffix(".record") ? String(file.dropLast(".record".count)) : nil
        }
    }

    /// Keeps the configuration that is in force from now on.
    func keepLastGood(_ text: String) throws(Errno) {
        let sealed = SealedText.seal(Array(text.utf8), kind: Self.configurationKind)
        TestPoint.pass("ublkd.last-good")
        try AtomicFile.write(path: lastGoodPath, bytes: sealed, mode: 0o600)
    }

    /// The configuration that was in force last; nil when there is none that can be believed.
    func lastGood() -> [UInt8]? {
        guard let sealed = try? SmallFile.read(path: lastGoodPath, limit: 4 << 20) else { return nil }
        return SealedText.unseal(sealed, kind: Self.configurationKind)
    }

    private func path(_ name: String) -> String { "\(deviceDirectory)/\(name).record" }
}
