public import BlockABI
internal import CUblk
internal import Glibc

/// An exclusive lock on a file, held as long as this owner lives. The file says who has it.
public struct FileLock: ~Copyable {
    private let fd: Fd

    /// EBUSY: another process has it.
    public init(path: String) throws(Errno) {
        let file = try Fd.open(path, flags: O_RDWR | O_CREAT, mode: 0o600)
        let result = cu_lock(file.raw)
        guard result >= 0 else { throw Errno(-result) == .tryAgain ? .busy : Errno(-result) }
        ftruncate(file.raw, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = pwrite(file.raw, text, text.count, 0)
        fd = file
    }

    /// The process that wrote itself into the file; nil when nobody did.
    public static func holder(path: String) -> Int32? {
        (try? SmallFile.text(path: path, limit: 64)).flatMap { Int32($0) }
    }
}
