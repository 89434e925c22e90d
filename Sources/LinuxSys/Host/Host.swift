internal import Glibc

/// Facts of the host, and this process on it.
public enum Host {
    /// `uname -r`.
    public static var kernelRelease: String {
        (try? SmallFile.text(path: "/proc/sys/kernel/osrelease")) ?? "unknown"
    }

    /// CPUs that are online.
    public static var cpuCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    public static var processID: Int32 { getpid() }

    /// Gives this thread precedence over every ordinary program, and what it starts precedence over most: who brings
    /// disks back must not wait for those that wait for disks. A nice value is not enough for that: where a hundred
    /// workers end at once, a thread at -20 that is ready to run waits for 50 ms and more (6.12, sched/fair.c). The
    /// lowest of the realtime priorities, which leaves interrupts and the kernel's own threads of that class alone; a
    /// child begins without it (`cu_spawn`). Without the privilege nothing changes.
    public static func takePrecedence() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -15)
        var lowest = sched_param(sched_priority: 1)
        sched_setscheduler(0, SCHED_RR, &lowest)
    }

    /// Ends the process at once, without handlers.
    public static func exit(_ code: Int32) -> Never { _exit(code) }
}

/// Signals that ublkd uses, by number.
public enum SignalNumber {
    public static var hangUp: Int32 { SIGHUP }
    public static var interrupt: Int32 { SIGINT }
    public static var kill: Int32 { SIGKILL }
    public static var user1: Int32 { SIGUSR1 }
    public static var terminate: Int32 { SIGTERM }
}
