import BlockABI
import LinuxSys

/// What the udev rule (`59-ublkd.rules`) reads of our disks. The folder is the same for every ublkd of the
/// host, as the numbers of nodes are.
///
/// `ublkbN` says that a disk of ours is about to appear, so that nobody reads it before it is served;
/// `ublkbN.SEQ` describes the disk with that sequence number of the kernel: a note that outlived its disk
/// can never name another one.
struct DiskNotes {
    static var folder: String { "/run/ublkd/udev" }

    /// Properties of the disk's udev device.
    struct Note: Equatable {
        var name: String
        /// As `ublkctl status` says it.
        var state: String
        var owner: String
        var group: String
        var mode: UInt32

        var text: String {
            """
            UBLKD_NAME=\(name)
            UBLKD_STATE=\(state)
            UBLKD_OWNER=\(owner)
            UBLKD_GROUP=\(group)
            UBLKD_MODE=0\(String(mode, radix: 8))

            """
        }
    }

    /// Before START_DEV.
    func expect(_ disk: String) throws(Errno) { try write("", to: disk) }

    /// `sequence`: `Sysfs.diskSequence`.
    func write(_ note: Note, of disk: String, sequence: UInt64) throws(Errno) {
        try write(note.text, to: "\(disk).\(sequence)")
        FileTree.remove("\(Self.folder)/\(disk)")
    }

    /// What was written of the disk, by whichever ublkd.
    func text(of disk: String, sequence: UInt64) -> String? {
        guard let bytes = try? SmallFile.read(path: "\(Self.folder)/\(disk).\(sequence)") else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    func forget(_ disk: String, sequence: UInt64?) {
        FileTree.remove("\(Self.folder)/\(disk)")
        if let sequence { FileTree.remove("\(Self.folder)/\(disk).\(sequence)") }
    }

    /// Removes notes on disks that are gone: their ublkd died before it could.
    func sweep() {
        let known = Set(Sysfs.ublkDevices())
        for file in FileTree.names(in: Self.folder) where file.hasPrefix("ublkb") {
            let parts = file.split(separator: ".")
            let disk = String(parts[0])
            let isCurrent =
                parts.count > 1
                ? UInt64(parts[1]) == Sysfs.diskSequence(of: disk)
                : UInt32(disk.dropFirst("ublkb".count)).map(known.contains) ?? false
            if !isCurrent { FileTree.remove("\(Self.folder)/\(file)") }
        }
    }

    private func write(_ text: String, to name: String) throws(Errno) {
        try FileTree.makeDirectory(Self.folder, mode: 0o755)
        try AtomicFile.write(path: "\(Self.folder)/\(name)", bytes: Array(text.utf8), mode: 0o644)
    }
}
