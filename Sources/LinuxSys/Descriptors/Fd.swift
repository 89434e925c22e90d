public import BlockABI
internal import CUblk
internal import Glibc

/// Owner of one file descriptor: closed when the owner goes.
public struct Fd: ~Copyable, Sendable {
    /// The number, for a call that borrows it. Valid as long as this owner lives.
    public let raw: Int32

    /// Takes over `raw`, which nobody else may close from now on.
    public init(owning raw: Int32) { self.raw = raw }

    deinit { _ = close(raw) }

    /// Gives the descriptor up: the caller owns the number.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor of the same open file, close-on-exec.
    public borrowing func duplicate() throws(Errno) -> Fd {
        Fd(owning: try Errno.check(cu_duplicate(raw, 3)))
    }

    /// Opens `path` (open(2) flags), close-on-exec. `mode` is for O_CREAT.
    public static func open(_ path: String, flags: Int32, mode: UInt32 = 0) throws(Errno) -> Fd {
        Fd(owning: try Errno.check(cu_open(path, flags, mode)))
    }

    /// A descriptor that names the file at `path` and can neither read nor write it, close-on-exec.
    public static func openPath(_ path: String) throws(Errno) -> Fd {
        try open(path, flags: cu_path_flag())
    }

    /// Makes reads and writes of the open file answer EAGAIN instead of waiting.
    public borrowing func setNonblocking() throws(Errno) { try Errno.check(cu_set_nonblocking(raw)) }
}
