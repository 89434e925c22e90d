public import BlockABI
internal import CUblk
internal import Glibc

/// On which CPUs a thread of another process runs.
public enum ThreadAffinity {
    /// ESRCH: the process has no such thread (any more). EINVAL: the host has none of these CPUs.
    public static func set(thread: Int32, of process: Int32, cpus: [Int32]) throws(Errno) {
        guard access("/proc/\(process)/task/\(thread)", F_OK) == 0 else { throw .noSuchProcess }
        try Errno.check(cu_thread_cpus(thread, cpus, UInt32(cpus.count)))
    }
}
