internal import BlockABI
internal import Glibc

/// The files of a configuration as they were read: the main one, then `devices.d/*.toml` beside it in name
/// order (byte by byte).
///
/// What is configured runs as root, so only root may have written it: a file, or a directory that it is
/// found in, which somebody else could change is refused. Without root's rights the caller's own files pass
/// as well, so that anybody can check a draft.
public struct ConfigurationFiles: Sendable {
    public struct File: Equatable, Sendable {
        public let path: String
        public let bytes: [UInt8]
    }

    /// A file that cannot be used, and why.
    public struct Problem: Error, Equatable, Sendable {
        public let path: String
        public let message: String
        public let hint: String?
    }

    public let files: [File]
    /// Empty: everything was read.
    public let problems: [Problem]

    /// A configuration is text written by people.
    public static var sizeLimit: Int { 1 << 20 }

    /// Reads them all, so that all problems are known at once.
    /// - Parameters:
    ///   - path: the main file; `devices.d` is looked for in its directory.
    ///   - trusted: a user besides root who may own the files; nil: the effective one.
    public init(main path: String, trusted: UInt32? = nil) {
        var files: [File] = []
        var problems: [Problem] = []
        let trusted: Set<UInt32> = [0, trusted ?? geteuid()]
        func take(_ path: String) {
            do throws(Problem) {
                files.append(File(path: path, bytes: try Self.read(path, trusted: trusted)))
            } catch {
                problems.append(error)
            }
        }
        take(path)
        let directory = path.contains("/") ? Self.directory(of: path) + "/devices.d" : "devices.d"
        do throws(Problem) {
            for name in try Self.dropIns(in: directory) { take("\(directory)/\(name)") }
        } catch {
            problems.append(error)
        }
        self.files = files
        self.problems = problems
    }

    // MARK: One file

    private static func read(_ path: String, trusted: Set<UInt32>) throws(Problem) -> [UInt8] {
        let fd: Fd
        do throws(Errno) {
            // A FIFO must not hold us, a terminal must not become ours.
            fd = try Fd.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw Problem(path: path, message: "cannot be opened: \(error)", hint: hint(for: error))
        }
        let status: FileStatus
        do throws(Errno) {
            status = try FileStatus(of: fd)
        } catch {
            throw unreadable(path, error)
        }
        guard status.kind == .regular else {
            throw Problem(path: path, message: "is not a regular file", hint: nil)
        }
        try checkWriters(of: status, what: "file", at: path, path, trusted: trusted)
        try checkDirectories(of: path, opened: fd, trusted: trusted)
        return try contents(of: fd, path)
    }

    private static func unreadable(_ path: String, _ error: Errno) -> Problem {
        Problem(path: path, message: "cannot be read: \(error)", hint: nil)
    }

    /// The directory of the name that was given and, behind links, that of the file itself: who may write
    /// there may put another file in its place.
    private static func checkDirectories(
        of path: String, opened fd: borrowing Fd, trusted: Set<UInt32>
    ) throws(Problem) {
        var directories = [directory(of: path)]
        if let target = linkTarget("/proc/self/fd/\(fd.raw)") {
            let real = directory(of: target)
            if real != directories[0] { directories.append(real) }
        }
        for directory in directories {
            let status: FileStatus
            do throws(Errno) {
                status = try FileStatus(path: directory)
            } catch {
                throw unreadable(path, error)
            }
            // In a sticky directory only the owner of a file can replace it.
            let isSticky = status.permissions & 0o1000 != 0
            if isSticky, trusted.contains(status.uid) { continue }
            try checkWriters(of: status, what: "directory", at: directory, path, trusted: trusted)
        }
    }

    private static func checkWriters(
        of status: FileStatus, what: String, at place: String, _ path: String, trusted: Set<UInt32>
    ) throws(Problem) {
        let who: String
        if !trusted.contains(status.uid) {
            who = "user \(status.uid), who owns it"
        } else if status.permissions & 0o002 != 0 {
            who = "everybody"
        } else if status.permissions & 0o020 != 0 {
            who = "the group \(status.gid)"
        } else {
            return
        }
        let subject = what == "file" ? "can" : "is in the directory \(place), which can"
        throw Problem(
            path: path, message: "\(subject) be written by \(who): not used",
            hint: "chown root:root \(place) && chmod go-w \(place)")
    }

    private static func contents(of fd: borrowing Fd, _ path: String) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = part.withUnsafeMutableBytes { Glibc.read(fd.raw, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(path, Errno(errno))
            }
            if count == 0 { return bytes }
            bytes += part.prefix(count)
            if bytes.count > sizeLimit {
                throw Problem(path: path, message: "is larger than 1 MiB", hint: nil)
            }
        }
    }

    // MARK: Names

    /// The names of `*.toml` in a directory, in order; none if there is no directory. Hidden files, as
    /// editors leave them, are not meant.
    private static func dropIns(in directory: String) throws(Problem) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw Problem(path: directory, message: "cannot be listed: \(Errno(errno))", hint: nil)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else {
                    throw Problem(path: directory, message: "cannot be listed: \(Errno(errno))", hint: nil)
                }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func linkTarget(_ path: String) -> String? {
        var room = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &room, room.count)
        guard count > 0, count < room.count else { return nil }
        return String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func hint(for error: Errno) -> String? {
        switch error {
        case .noSuchFile: "write one; config/ublkd.toml of the sources is a commented example"
        case .accessDenied: "as root it can be read"
        default: nil
        }
    }
}
