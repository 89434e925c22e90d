internal import BlockABI
internal import Glibc

/// What sysfs tells about ublk and block devices. Nothing here waits for a device.
public enum Sysfs {
    /// Numbers of all ublk devices, ascending: every tool's, in every state. Empty without the driver.
    public static func ublkDevices() -> [UInt32] { devices(in: "/sys/class/ublk-char") }

    static func devices(in directory: String) -> [UInt32] {
        Directory.names(of: directory).compactMap { name in
            name.hasPrefix("ublkc") ? UInt32(name.dropFirst(5)) : nil
        }.sorted()
    }

    /// Names of the disk's partitions (`ublkb3p1`), in the order of their numbers.
    public static func partitions(of disk: String) -> [String] {
        Directory.names(of: "/sys/class/block/\(disk)")
            .filter { $0.hasPrefix(disk + "p") && UInt32($0.dropFirst(disk.count + 1)) != nil }
            .sorted { ($0.count, $0) < ($1.count, $1) }
    }

    /// Counts the disks of this host: no two that ever bore one name have the same. Nil: there is no such disk.
    public static func diskSequence(of disk: String) -> UInt64? {
        (try? SmallFile.text(path: "/sys/class/block/\(disk)/diskseq", limit: 64)).flatMap {
            UInt64($0)
        }
    }

    /// `major:minor` of a block device by its name; nil when there is none.
    static func number(of name: String) -> String? {
        try? SmallFile.text(path: "/sys/class/block/\(name)/dev", limit: 64)
    }
}

/// Names in a directory.
enum Directory {
    /// Without `.` and `..`; empty when it cannot be read.
    static func names(of path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
