internal import CUblk

/// Who holds a device node: asked of `/proc`, which names a holder where the kernel only says EBUSY.
public enum NodeHolders {
    /// Processes with the node open or mapped. `node` is its path below `/dev`.
    public static func processes(ofNode node: String) -> [(pid: Int32, name: String)] {
        processes(alsoMapping: node) { $0 == node || $0 == node + " (deleted)" }
    }

    /// True when the process has a mapping of the node: it serves that device.
    public static func maps(pid: Int32, node: String) -> Bool {
        guard let bytes = try? SmallFile.read(path: "/proc/\(pid)/maps", limit: 4 * 1024 * 1024) else {
            return false
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
            line.hasSuffix(" " + node) || line.hasSuffix(" " + node + " (deleted)")
        }
    }

    /// Everybody who uses disk `name` (`ublkb3`) or one of its partitions.
    public static func users(ofDisk name: String) -> [DiskUser] {
        let names = [name] + Sysfs.partitions(of: name)
        var users: [DiskUser] = []
        let numbers = Set(names.compactMap { Sysfs.number(of: $0) })
        users += mounts(of: numbers).map { .mount(path: $0) }
        for part in names {
            users += Directory.names(of: "/sys/class/block/\(part)/holders").sorted().map {
                .device(name: $0)
            }
        }
        let nodes = Set(names.map { "/dev/\($0)" })
        if swaps().contains(where: { nodes.contains($0) }) { users.append(.swap) }
        users += processes { nodes.contains($0) }.map { .process(pid: $0.pid, name: $0.name) }
        return users
    }

    /// Mount points of the devices with these numbers (`major:minor`), in every mount namespace we can see.
    private static func mounts(of numbers: Set<String>) -> [String] {
        guard !numbers.isEmpty,
            let bytes = try? SmallFile.read(path: "/proc/self/mountinfo", limit: 16 * 1024 * 1024)
        else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            return fields.count > 4 && numbers.contains(String(fields[2])) ? String(fields[4]) : nil
        }
    }

    private static func swaps() -> [String] {
        guard let bytes = try? SmallFile.read(path: "/proc/swaps", limit: 1024 * 1024) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { String($0) }
        }
    }

    /// Processes with a descriptor whose target is wanted. Links are read and nothing is opened, so that no
    /// file server can hold us up.
    private static func processes(
        alsoMapping node: String? = nil, where isWanted: (String) -> Bool
    ) -> [(pid: Int32, name: String)] {
        Directory.names(of: "/proc").compactMap { Int32($0) }.sorted().compactMap { pid in
            let folder = "/proc/\(pid)/fd"
            let opened = Directory.names(of: folder).contains { number in
                SymbolicLink.target(of: "\(folder)/\(number)").map(isWanted) ?? false
            }
            let holds = opened || node.map { maps(pid: pid, node: $0) } ?? false
            return holds ? (pid, (try? SmallFile.text(path: "/proc/\(pid)/comm", limit: 64)) ?? "?") : nil
        }
    }
}
