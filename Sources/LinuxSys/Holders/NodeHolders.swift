internal import BlockABI

/// Who holds a device node or a disk: asked of `/proc` and `/sys`, which name a holder where the kernel only
/// says EBUSY. Nothing is opened and no file server is asked, so that none can hold the caller up.
public enum NodeHolders {
    /// Processes with the node open or mapped, ascending. `node` is its path below `/dev`; a descriptor
    /// counts whatever path it was opened by.
    public static func processes(ofNode node: String) -> [(pid: Int32, name: String)] {
        let kind = (try? FileStatus(path: node))?.kind
        return processes { pid in
            holds(pid: pid, kinds: kind.map { [$0] } ?? []) || maps(pid: pid, node: node)
        }
    }

    /// True when the process has a mapping of the node: it serves that device.
    ///
    /// Reading a process's mappings waits for a thread of it that is just changing them.
    public static func maps(pid: Int32, node: String) -> Bool {
        guard let bytes = try? SmallFile.read(path: "/proc/\(pid)/maps", limit: 4 << 20) else { return false }
        let status = try? FileStatus(path: node)
        // A process in a mount namespace of its own has another path for the node, but not another inode: few
        // lines are looked at closely.
        let inode = status.map { Array(" \($0.inode) ".utf8) }
        let paths = [" \(node)", " \(node) (deleted)"].map { Array($0.utf8) }
        return bytes.split(separator: 0x0a).contains { line in
            if let status, let inode, contains(line, inode), isMapping(line, of: status) { return true }
            return paths.contains { line.suffix($0.count).elementsEqual($0) }
        }
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ part: [UInt8]) -> Bool {
        guard line.count >= part.count else { return false }
        return (line.startIndex...(line.endIndex - part.count)).contains { start in
            line[start] == part[0] && line[start..<start + part.count].elementsEqual(part)
        }
    }

    /// By file system and inode.
    private static func isMapping(_ line: ArraySlice<UInt8>, of file: FileStatus) -> Bool {
        let fields = line.split(separator: 0x20, maxSplits: 5)
        guard fields.count >= 5, let inode = UInt64(String(decoding: fields[4], as: UTF8.self)) else {
            return false
        }
        let numbers = fields[3].split(separator: 0x3a).map {
            UInt32(String(decoding: $0, as: UTF8.self), radix: 16)
        }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return false }
        return inode == file.inode && deviceNumber("\(major):\(minor)") == file.device
    }

    /// Everybody who uses disk `name` (`ublkb3`) or one of its partitions; the kernel's users first.
    public static func users(ofDisk name: String) -> [DiskUser] {
        let parts = ([name] + Sysfs.partitions(of: name)).compactMap { Part(name: $0) }
        guard !parts.isEmpty else { return [] }
        let kinds = Set(parts.map(\.kind))
        return mounts(of: parts) + (isSwap(parts) ? [.swap] : []) + stacked(on: parts) + loops(on: parts)
            + processes { holds(pid: $0, kinds: kinds) }.map { .process(pid: $0.pid, name: $0.name) }
    }

    /// The disk or a partition of it.
    private struct Part {
        let name: String
        /// `major:minor`.
        let number: String
        let kind: FileStatus.Kind

        init?(name: String) {
            guard let number = Sysfs.number(of: name), let node = deviceNumber(number) else { return nil }
            self.name = name
            self.number = number
            kind = .blockDevice(node)
        }
    }

    private static func mounts(of parts: [Part]) -> [DiskUser] {
        var found: [DiskUser] = []
        for space in MountTable.namespaces() {
            for entry in MountTable.entries(of: space) {
                // btrfs shows a number of its own there: its source tells.
                guard parts.contains(where: { $0.number == entry.device }) || isPart(entry.source, parts)
                else { continue }
                let user = DiskUser.mount(path: entry.mountPoint)
                if !found.contains(user) { found.append(user) }
            }
        }
        return found
    }

    private static func isSwap(_ parts: [Part]) -> Bool {
        guard let text = try? SmallFile.text(path: "/proc/swaps") else { return false }
        return text.split(separator: "\n").dropFirst().contains { line in
            let fields = Array(line.utf8).split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
            return fields.first.map { isPart(MountTable.unescape($0), parts) } ?? false
        }
    }

    private static func stacked(on parts: [Part]) -> [DiskUser] {
        parts.flatMap { part in
            Directory.names(of: "/sys/class/block/\(part.name)/holders").sorted().map { .device(name: $0) }
        }
    }

    private static func loops(on parts: [Part]) -> [DiskUser] {
        Directory.names(of: "/sys/block").filter { $0.hasPrefix("loop") }.sorted().compactMap { loop in
            let path = try? SmallFile.text(path: "/sys/block/\(loop)/loop/backing_file", limit: 8192)
            return path.map { isPart($0, parts) } == true ? .device(name: loop) : nil
        }
    }

    /// Only a path below `/dev` is looked at: another may lie on a file server that does not answer.
    private static func isPart(_ path: String, _ parts: [Part]) -> Bool {
        guard path.hasPrefix("/dev/"), let status = try? FileStatus(path: path) else { return false }
        return parts.contains { $0.kind == status.kind }
    }

    /// True when a descriptor of the process is of one of these devices.
    private static func holds(pid: Int32, kinds: Set<FileStatus.Kind>) -> Bool {
        guard !kinds.isEmpty else { return false }
        let folder = "/proc/\(pid)/fd"
        return Directory.names(of: folder).contains { number in
            (try? FileStatus(path: "\(folder)/\(number)")).map { kinds.contains($0.kind) } ?? false
        }
    }

    private static func processes(where isWanted: (Int32) -> Bool) -> [(pid: Int32, name: String)] {
        Directory.names(of: "/proc").compactMap { Int32($0) }.sorted().filter(isWanted).map { pid in
            (pid, (try? SmallFile.text(path: "/proc/\(pid)/comm", limit: 64)) ?? "?")
        }
    }
}
