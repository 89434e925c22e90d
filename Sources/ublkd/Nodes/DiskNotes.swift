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

    func forget(_ disk: String, sequence: UInt64?) {
        FileTree.remove("\(Self.folder)/\(disk)")
        if let sequence { FileTree.remove("\(Self.folder)/\(disk).\(sequence)") }
    }

    private func write(_ text: String, to name: String) throws(Errno) {
        try FileTree.makeDirectory(Self.folder, mode: 0o755)
        try AtomicFile.write(path: "\(Self.folder)/\(name)", bytes: Array(text.utf8), mode: 0o644)
    }
}
