/// One line of `/proc/PID/mountinfo`.
struct MountEntry: Equatable {
    /// `major:minor` of the file system's device; an anonymous one for btrfs and overlays.
    let device: String
    let mountPoint: String
    /// What was mounted, mostly the path of a node.
    let source: String
}

/// Mounts as `/proc/PID/mountinfo` tells them (proc_pid_mountinfo(5)).
enum MountTable {
    /// Of the namespace that process `pid` lives in; nil: this process's.
    static func entries(of pid: Int32?) -> [MountEntry] {
        let process = pid.map { "\($0)" } ?? "self"
        guard let bytes = try? SmallFile.read(path: "/proc/\(process)/mountinfo", limit: 16 << 20) else {
            return []
        }
        return parse(bytes)
    }

    /// One process of every mount namespace; nil, the first, stands for this process's.
    static func namespaces() -> [Int32?] {
        var seen: Set<UInt64> = []
        if let own = try? FileStatus(path: "/proc/self/ns/mnt") { seen.insert(own.inode) }
        var members: [Int32?] = [nil]
        for pid in Directory.names(of: "/proc").compactMap({ Int32($0) }).sorted() {
            guard let space = try? FileStatus(path: "/proc/\(pid)/ns/mnt") else { continue }
            if seen.insert(space.inode).inserted { members.append(pid) }
        }
        return members
    }

    /// Lines that are not of that form are left out.
    static func parse(_ bytes: [UInt8]) -> [MountEntry] {
        bytes.split(separator: 0x0a).compactMap { line in
            let fields = line.split(separator: 0x20)
            // Optional fields end at a lone hyphen; type and source follow.
            guard fields.count > 6, let hyphen = fields[6...].firstIndex(of: [0x2d]),
                fields.count > hyphen + 2
            else { return nil }
            return MountEntry(
                device: String(decoding: fields[2], as: UTF8.self), mountPoint: unescape(fields[4]),
                source: unescape(fields[hyphen + 2]))
        }
    }

    /// Undoes the octal form that blanks and backslashes have there: `\040`.
    static func unescape(_ field: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == 0x5c, digits.count == 3, digits.allSatisfy({ 0x30...0x37 ~= $0 }) {
                let value = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
                bytes.append(UInt8(truncatingIfNeeded: value))
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
