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
}
