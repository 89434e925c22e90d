public import BlockABI
internal import Glibc

/// Directories and names in them.
public enum FileTree {
    /// Makes the directory and its parents where they are missing. One that is there keeps its mode.
    public static func makeDirectory(_ path: String, mode: UInt32) throws(Errno) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            let isLast = made.utf8.count >= path.utf8.count
            if mkdir(made, isLast ? mode : 0o755) != 0 && errno != EEXIST { throw Errno(errno) }
        }
    }

    /// What is in a directory, without order; nothing if it cannot be read.
    public static func names(in directory: String) -> [String] { Directory.names(of: directory) }

    /// Where a symbolic link leads; nil for anything else.
    public static func link(at path: String) -> String? {
        var room = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &room, room.count)
        guard count > 0 else { return nil }
        return String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a file; that there is none is fine.
    public static func remove(_ path: String) { unlink(path) }
}
