public import BlockABI
internal import CUblk
internal import Glibc

/// Files of a few lines, as procfs and sysfs have them.
public enum SmallFile {
    /// The whole contents. EFBIG: more than `limit` bytes.
    public static func read(path: String, limit: Int = 64 * 1024) throws(Errno) -> [UInt8] {
        try read(try Fd.open(path, flags: O_RDONLY | O_NOCTTY | O_NONBLOCK), limit: limit)
    }

    /// The whole contents of an open file, from its beginning.
    public static func read(_ fd: borrowing Fd, limit: Int = 64 * 1024) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let (result, part) = readPart(
                fd.raw, at: bytes.count, upTo: min(limit + 1 - bytes.count, 16 * 1024))
            if try Errno.check(result) == 0 { return bytes }
            bytes += part
            if bytes.count > limit { throw .fileTooLarge }
        }
    }

    /// The contents as text without white space around it.
    public static func text(path: String, limit: Int = 64 * 1024) throws(Errno) -> String {
        text(try read(path: path, limit: limit))
    }

    /// The same of an open file.
    public static func text(_ fd: borrowing Fd, limit: Int = 64 * 1024) throws(Errno) -> String {
        text(try read(fd, limit: limit))
    }

    private static func text(_ bytes: [UInt8]) -> String {
        func isText(_ byte: UInt8) -> Bool { byte != 0x20 && !(0x09...0x0d ~= byte) }
        guard let first = bytes.firstIndex(where: isText), let last = bytes.lastIndex(where: isText) else {
            return ""
        }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    private static func readPart(_ fd: Int32, at offset: Int, upTo count: Int) -> (Int32, [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { room in
            var n: Int
            repeat { n = pread(fd, room.baseAddress, count, off_t(offset)) } while n < 0 && errno == EINTR
            guard n >= 0 else { return (-errno, []) }
            return (Int32(n), Array(room.prefix(n)))
        }
    }
}
