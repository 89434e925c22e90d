internal import BlockABI
internal import CUblk

/// Who holds a character device node: asked of `/proc`. Nothing is opened and no file server is asked, so that none can
/// hold the caller up.
public enum NodeHolders {
    /// Processes with the node open or mapped, ascending. `node` is its path below `/dev`; a descriptor
    /// counts whatever path it was opened by.
    public static func processes(ofNode node: String) -> [(pid: Int32, name: String)] {
        let kind = (try? FileStatus(path: node))?.kind
        return Directory.names(of: "/proc").compactMap { Int32($0) }.sorted()
            .filter { pid in kind.map { holds(pid: pid, $0) } ?? false || maps(pid: pid, node: node) }
            .map { ($0, name(of: $0)) }
    }

    /// True when the process has a mapping of the node: it serves that device.
    ///
    /// Reading a process's mappings waits for a thread of it that is just changing them.
    public static func maps(pid: Int32, node: String) -> Bool {
        guard let bytes = try? SmallFile.read(path: "/proc/\(pid)/maps", limit: 4 << 20) else { return false }
        // A process in a mount namespace of its own has another path for the node, but not another inode.
        let inode = (try? FileStatus(path: node)).map(mappedFile)
        let paths = [" \(node)", " \(node) (deleted)"].map { Array($0.utf8) }
        return bytes.split(separator: 0x0a).contains { line in
            if let inode, isMapping(line, of: inode) { return true }
            return paths.contains { line.suffix($0.count).elementsEqual($0) }
        }
    }

    /// How a line of `/proc/PID/maps` names a file, from the third blank on: ` fd:01 4711 ` (proc_pid_maps(5)).
    private static func mappedFile(_ file: FileStatus) -> [UInt8] {
        func hex(_ number: UInt32) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }
        return Array(" \(hex(cu_major(file.device))):\(hex(cu_minor(file.device))) \(file.inode) ".utf8)
    }

    private static func isMapping(_ line: ArraySlice<UInt8>, of file: [UInt8]) -> Bool {
        var blanks = 0
        for index in line.indices where line[index] == 0x20 {
            blanks += 1
            if blanks == 3 { return line[index...].starts(with: file) }
        }
        return false
    }

    private static func holds(pid: Int32, _ kind: FileStatus.Kind) -> Bool {
        let folder = "/proc/\(pid)/fd"
        return Directory.names(of: folder).contains {
            (try? FileStatus(path: "\(folder)/\($0)"))?.kind == kind
        }
    }

    /// What the process calls itself.
    static func name(of pid: Int32) -> String {
        (try? SmallFile.text(path: "/proc/\(pid)/comm", limit: 64)) ?? "?"
    }
}
