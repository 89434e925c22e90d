internal import BlockABI
internal import CUblk

/// Finds character device nodes among the mappings of processes (`/proc/PID/maps`, proc_pid_maps(5)).
struct NodeMappings {
    private struct Place: Hashable {
        /// Of the file system that the node lies in: ` 00:05 `, as a line has it from the third blank on.
        let device: [UInt8]
        let inode: UInt64
    }

    private var nodes: [Place: String] = [:]
    private var devices: Set<[UInt8]> = []
    private var paths: [[UInt8]: String] = [:]

    /// `nodes`: their paths below `/dev`.
    init(of nodes: [String]) {
        for node in nodes {
            paths[Array(node.utf8)] = node
            guard let file = try? FileStatus(path: node) else { continue }
            func hex(_ number: UInt32) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }
            let device = Array(" \(hex(cu_major(file.device))):\(hex(cu_minor(file.device))) ".utf8)
            devices.insert(device)
            self.nodes[Place(device: device, inode: file.inode)] = node
        }
    }

    /// Those that the process has mapped. Reading its mappings waits for a thread of it that is just changing them.
    func found(in pid: Int32) -> Set<String> {
        guard let bytes = try? SmallFile.read(path: "/proc/\(pid)/maps", limit: 4 << 20) else { return [] }
        return Set(bytes.split(separator: 0x0a).compactMap(node))
    }

    private func node(in line: ArraySlice<UInt8>) -> String? { byInode(line) ?? byPath(line) }

    /// A process in a mount namespace of its own has another path for the node, but not another inode.
    private func byInode(_ line: ArraySlice<UInt8>) -> String? {
        var blanks = 0
        guard
            let third = line.firstIndex(where: {
                if $0 == 0x20 { blanks += 1 }
                return blanks == 3
            }), let device = devices.first(where: { line[third...].starts(with: $0) })
        else { return nil }
        let inode = line[third...].dropFirst(device.count).prefix { $0 != 0x20 }
        return UInt64(String(decoding: inode, as: UTF8.self)).flatMap {
            nodes[Place(device: device, inode: $0)]
        }
    }

    private func byPath(_ line: ArraySlice<UInt8>) -> String? {
        guard let slash = line.firstIndex(of: 0x2f), line[slash...].starts(with: "/dev/".utf8) else {
            return nil
        }
        let path = line[slash...]
        let deleted = Array(" (deleted)".utf8)
        return paths[
            Array(path.suffix(deleted.count).elementsEqual(deleted) ? path.dropLast(deleted.count) : path)]
    }
}
