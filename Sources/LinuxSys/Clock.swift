internal import CUblk
internal import Glibc

/// The clocks that ublkd reads. Everything that is measured or waited for uses the monotonic one.
public enum Clock {
    /// CLOCK_MONOTONIC, nanoseconds.
    public static func monotonic() -> UInt64 { cu_now_ns() }

    /// For what runs before there is an event loop.
    public static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// CLOCK_REALTIME, nanoseconds since 1970: for display only, it jumps.
    public static func realtime() -> UInt64 { nanoseconds(of: CLOCK_REALTIME) }

    /// CLOCK_BOOTTIME, nanoseconds: the monotonic one and the time that the host was suspended.
    public static func boottime() -> UInt64 { nanoseconds(of: CLOCK_BOOTTIME) }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var t = timespec()
        clock_gettime(clock, &t)
        return UInt64(max(t.tv_sec, 0)) * 1_000_000_000 + UInt64(max(t.tv_nsec, 0))
    }
}
