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

    /// How the process ended; nil while it runs. A child is reaped by it. Of somebody else's child the kernel
    /// tells it from 6.15 on, and while it is a zombie to who may trace it; otherwise the answer is `unknown`.
    public static func reap(_ pidfd: borrowing Fd) throws(Errno) -> ExitCause? {
        let told = try cause(pidfd)
        guard told == .unknown else { return told }
        if let told = ofZombie(pidfd) { return told }
        // Of a zombie the kernel itself tells nothing. Reaped between the two looks, it is none any more.
        return try cause(pidfd)
    }

    /// What the kernel tells; nil: it runs.
    private static func cause(_ pidfd: borrowing Fd) throws(Errno) -> ExitCause? {
        var value: Int32 = 0
        let kind = try Errno.check(cu_pidfd_reap(pidfd.raw, &value))
        switch UInt32(bitPattern: kind) {
        case CU_STILL_RUNNING.rawValue: return nil
        case CU_EXITED.rawValue: return .exited(value)
        case CU_SIGNALLED.rawValue: return .signalled(value)
        default: return .unknown
        }
    }

    /// The number behind a pidfd; nil once the process was reaped.
    public static func number(of pidfd: borrowing Fd) -> Int32? {
        guard let text = try? SmallFile.text(path: "/proc/self/fdinfo/\(pidfd.raw)", limit: 4096) else {
            return nil
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("Pid:") }
        guard let pid = line.flatMap({ Int32($0.dropFirst(4).drop { $0 == "\t" || $0 == " " }) }), pid > 0
        else {
            return nil
        }
        return pid
    }

    private static func ofZombie(_ pidfd: borrowing Fd) -> ExitCause? {
        guard let pid = number(of: pidfd), let line = try? SmallFile.read(path: "/proc/\(pid)/stat"),
            let stat = ProcessStat(line), stat.state == "Z",
            // The number may have been given away between the two looks.
            number(of: pidfd) == pid
        else { return nil }
        // Zero is also what somebody reads who may not know it.
        return stat.waitStatus.flatMap { $0 == 0 ? nil : ExitCause(waitStatus: $0) }
    }
}
