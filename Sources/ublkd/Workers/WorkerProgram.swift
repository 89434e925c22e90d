import BlockABI
import LinuxSys

/// A worker program that stays the same file whatever is installed under its path meanwhile.
final class WorkerProgram {
    private let fd: Fd
    private let status: FileStatus

    /// The file at `path`.
    init(at path: String) throws(Errno) {
        fd = try Fd.openPath(path)
        status = try FileStatus(of: fd)
    }

    /// What process `pid` runs.
    convenience init(ofProcess pid: Int32) throws(Errno) { try self.init(at: "/proc/\(pid)/exe") }

    /// Valid for a child as long as this object lives.
    var path: String { "/proc/\(Host.processID)/fd/\(fd.raw)" }

    func isSame(as other: WorkerProgram) -> Bool {
        status.device == other.status.device && status.inode == other.status.inode
    }
}
