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

    /// Failure is the caller's to log: a full `/run` must not stop a recovery.
    func write(_ record: DeviceRecord) throws(Errno) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(record) else { throw Errno.invalidArgument }
        // The directory may have been deleted under a running ublkd.
        try? FileTree.makeDirectory(deviceDirectory, mode: 0o700)
        try AtomicFile.write(path: path(record.name), bytes: [UInt8](data), mode: 0o600)
    }

    func remove(_ name: String) { FileTree.remove(path(name)) }

    /// Nil when there is none, or none that can be believed.
    func record(of name: String) -> DeviceRecord? {
        guard let bytes = try? SmallFile.read(path: path(name), limit: 64 * 1024),
            let record = try? JSONDecoder().decode(DeviceRecord.self, from: Data(bytes)),
            record.version == DeviceRecord.currentVersion, record.bootID == bootID, record.name == name
        else { return nil }
        return record
    }

    private func path(_ name: String) -> String { "\(deviceDirectory)/\(name).json" }
}
