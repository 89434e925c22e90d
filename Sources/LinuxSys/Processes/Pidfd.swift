public import BlockABI
internal import CUblk

/// Operations on a process through its pidfd: the number cannot be taken over by another process meanwhile.
public enum Pidfd {
    /// ESRCH: there is no such process (a zombie still counts as one).
    public static func open(_ pid: Int32) throws(Errno) -> Fd {
        Fd(owning: try Errno.check(cu_pidfd_open(pid)))
    }

    /// ESRCH: it has ended.
    public static func signal(_ pidfd: borrowing Fd, _ number: Int32) throws(Errno) {
        try Errno.check(cu_pidfd_signal(pidfd.raw, number))
    }

    /// A duplicate of descriptor `number` of that process. EBADF: it has none of that number. ESRCH: it has
    /// ended.
    public static func copyDescriptor(_ pidfd: borrowing Fd, _ number: Int32) throws(Errno) -> Fd {
        Fd(owning: try Errno.check(cu_pidfd_descriptor(pidfd.raw, number)))
    }

    /// How the process ended; nil while it runs. A child is reaped by it. For a process that is not a child
    /// the answer is `unknown` on kernels before 6.15, and as long as its parent has not reaped it.
    public static func reap(_ pidfd: borrowing Fd) throws(Errno) -> ExitCause? {
        var value: Int32 = 0
        let kind = try Errno.check(cu_pidfd_reap(pidfd.raw, &value))
        switch UInt32(bitPattern: kind) {
        case CU_STILL_RUNNING.rawValue: return nil
        case CU_EXITED.rawValue: return .exited(value)
        case CU_SIGNALLED.rawValue: return .signalled(value)
        default: return .unknown
        }
    }
}
