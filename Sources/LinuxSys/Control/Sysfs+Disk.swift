public import BlockABI
internal import Glibc

extension Sysfs {
    /// Sectors of 512 bytes of a disk by its name; nil when there is none.
    public static func diskSectors(ofDisk name: String) -> UInt64? {
        (try? SmallFile.text(path: "/sys/class/block/\(name)/size", limit: 64)).flatMap { UInt64($0) }
    }

    /// Bytes of a logical block of a disk by its name; nil when there is none.
    public static func logicalBlock(ofDisk name: String) -> UInt32? {
        let path = "/sys/class/block/\(name)/queue/logical_block_size"
        return (try? SmallFile.text(path: path, limit: 64)).flatMap { UInt32($0) }
    }

    /// The file of a disk that `Uevent` uses.
    public static func eventsPath(ofDisk name: String) -> String { "/sys/class/block/\(name)/uevent" }

    /// The file of a disk that `inflight` reads.
    public static func inflightPath(ofDisk name: String) -> String { "/sys/class/block/\(name)/inflight" }

    /// Opens it for reading and writing. ENOENT: there is no such disk.
    public static func openEvents(ofDisk name: String) throws(Errno) -> Fd {
        try Fd.open(eventsPath(ofDisk: name), flags: O_RDWR)
    }

    /// Opens it for reading. ENOENT: there is no such disk.
    public static func openInflight(ofDisk name: String) throws(Errno) -> Fd {
        try Fd.open(inflightPath(ofDisk: name), flags: O_RDONLY)
    }

    /// Requests that the kernel has begun on the disk and not seen the end of; 0 when the disk is gone.
    public static func inflight(_ file: borrowing Fd) -> Int {
        guard let text = try? SmallFile.text(file, limit: 64) else { return 0 }
        return text.split(separator: " ").compactMap { Int($0) }.reduce(0, +)
    }
}
