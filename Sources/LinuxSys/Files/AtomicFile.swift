public import BlockABI
internal import Glibc

/// Files that are replaced as a whole: whoever reads one finds the old contents or the new, never a part.
public enum AtomicFile {
    public static func write(path: String, bytes: [UInt8], mode: UInt32) throws(Errno) {
        let temporary = "\(path).\(getpid()).new"
        do throws(Errno) {
            let fd = try Fd.open(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(fd.raw, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Errno(count == 0 ? ENOSPC : errno) }
                rest = rest.dropFirst(count)
            }
            if fsync(fd.raw) != 0 { throw Errno(errno) }
            if rename(temporary, path) != 0 { throw Errno(errno) }
        } catch {
            unlink(temporary)
            throw error
        }
    }
}
