public import BlockABI
internal import CUblk
internal import Glibc

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Replaces `path` by `bytes`: a reader sees the old contents or the new ones. After a power cut it may be neither: what
    /// is kept so is about devices that do not survive one, and to wait for a disk could be to wait for one of them.
    ///
    /// The new file is owned by this process's user with permissions `mode`, whatever the umask. On an error
    /// the old file stays and nothing is left behind. One writer a path is assumed.
    public static func write(path: String, bytes: [UInt8], mode: UInt32 = 0o644) throws(Errno) {
        let temporary = path + ".new"
        // What a writer that died left there.
        unlink(temporary)
        do throws(Errno) {
            let fd = try Fd.open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            try writeAll(bytes, to: fd.raw)
            guard fchmod(fd.raw, mode) == 0 else { throw Errno(errno) }
            guard rename(temporary, path) == 0 else { throw Errno(errno) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to fd: Int32) throws(Errno) {
        var at = 0
        while at < bytes.count {
            let n = bytes.withUnsafeBytes {
                Glibc.write(fd, $0.baseAddress.map { $0 + at }, bytes.count - at)
            }
            if n >= 0 {
                at += n
            } else if errno != EINTR {
                throw Errno(errno)
            }
        }
    }
}
