/// A Linux error number, positive. The error type of everything that asks the kernel.
public struct Errno: Error, Hashable, Sendable, RawRepresentable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    public init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// Turns a result of the form "value or -errno" into the value or a thrown error.
    @discardableResult
    public static func check(_ result: Int32) throws(Errno) -> Int32 {
        if result < 0 { throw Errno(-result) }
        return result
    }

    public static var notPermitted: Errno { Errno(1) }
    public static var noSuchFile: Errno { Errno(2) }
    public static var noSuchProcess: Errno { Errno(3) }
    public static var interrupted: Errno { Errno(4) }
    public static var inputOutput: Errno { Errno(5) }
    public static var noSuchDeviceOrAddress: Errno { Errno(6) }
    public static var badDescriptor: Errno { Errno(9) }
    public static var tryAgain: Errno { Errno(11) }
    public static var noMemory: Errno { Errno(12) }
    public static var accessDenied: Errno { Errno(13) }
    public static var busy: Errno { Errno(16) }
    public static var exists: Errno { Errno(17) }
    public static var noSuchDevice: Errno { Errno(19) }
    public static var invalidArgument: Errno { Errno(22) }
    public static var tooManyFilesOnHost: Errno { Errno(23) }
    public static var tooManyFiles: Errno { Errno(24) }
    public static var fileTooLarge: Errno { Errno(27) }
    public static var brokenPipe: Errno { Errno(32) }
    public static var timerExpired: Errno { Errno(62) }
    public static var protocolError: Errno { Errno(71) }
    public static var messageSize: Errno { Errno(90) }
    public static var notSupported: Errno { Errno(95) }
    public static var noBuffers: Errno { Errno(105) }
    public static var shutdown: Errno { Errno(108) }
    public static var timedOut: Errno { Errno(110) }
    public static var connectionRefused: Errno { Errno(111) }
    public static var stale: Errno { Errno(116) }
    public static var canceled: Errno { Errno(125) }
}

extension Errno {
    /// The host lacks something just now: memory, processes, descriptors. It says nothing of what was asked for.
    public var isLack: Bool {
        [.tryAgain, .noMemory].contains(self) || isLackOfDescriptors
    }

    /// The process has as many open files as it may have, or the host has.
    public var isLackOfDescriptors: Bool { self == .tooManyFiles || self == .tooManyFilesOnHost }

    /// Whoever was to ask did not get to the end of it: nothing is known of what was asked for.
    public var isNoAnswer: Bool { isLack || [.interrupted, .canceled, .timedOut, .busy].contains(self) }
}

extension Errno: CustomStringConvertible {
    /// `ENOENT (no such file or directory)`: the symbol for a search, the words for a reader.
    public var description: String {
        guard let entry = Self.names[rawValue] else { return "errno \(rawValue)" }
        return "\(entry.symbol) (\(entry.words))"
    }

    private static let names: [Int32: (symbol: String, words: String)] = [
        1: ("EPERM", "operation not permitted"), 2: ("ENOENT", "no such file or directory"),
        3: ("ESRCH", "no such process"), 4: ("EINTR", "interrupted"), 5: ("EIO", "input/output error"),
        6: ("ENXIO", "no such device or address"), 7: ("E2BIG", "argument list too long"),
        8: ("ENOEXEC", "not an executable of this machine"), 9: ("EBADF", "bad file descriptor"),
        10: ("ECHILD", "no child process"), 11: ("EAGAIN", "resource temporarily unavailable"),
        12: ("ENOMEM", "out of memory"), 13: ("EACCES", "permission denied"), 14: ("EFAULT", "bad address"),
        16: ("EBUSY", "device or resource busy"), 17: ("EEXIST", "already exists"),
        19: ("ENODEV", "no such device"), 20: ("ENOTDIR", "not a directory"),
        21: ("EISDIR", "is a directory"),
        22: ("EINVAL", "invalid argument"), 23: ("ENFILE", "too many open files on the host"),
        24: ("EMFILE", "too many open files"), 26: ("ETXTBSY", "text file busy"),
        27: ("EFBIG", "file too large"), 28: ("ENOSPC", "no space left on device"),
        30: ("EROFS", "read-only file system"), 32: ("EPIPE", "broken pipe"),
        36: ("ENAMETOOLONG", "file name too long"), 38: ("ENOSYS", "not in this kernel"),
        40: ("ELOOP", "too many symbolic links"), 61: ("ENODATA", "the medium does not give it back"),
        62: ("ETIME", "timer expired"), 67: ("ENOLINK", "the path to it has failed"),
        71: ("EPROTO", "protocol error"), 84: ("EILSEQ", "its checksum is wrong"),
        90: ("EMSGSIZE", "message too long"), 95: ("EOPNOTSUPP", "operation not supported"),
        98: ("EADDRINUSE", "address already in use"), 104: ("ECONNRESET", "connection reset"),
        108: ("ESHUTDOWN", "the other end has shut down"), 116: ("ESTALE", "the file is another one by now"),
        110: ("ETIMEDOUT", "timed out"), 111: ("ECONNREFUSED", "connection refused"),
        121: ("EREMOTEIO", "remote I/O error"), 122: ("EDQUOT", "disk quota exceeded"),
        125: ("ECANCELED", "cancelled"),
    ]
}
