import DevicePolicy
import LinuxSys
import StatusWire

/// Tells moments of CLOCK_MONOTONIC by the wall clock, as that is set when it is asked.
struct WallClock {
    /// CLOCK_REALTIME less CLOCK_MONOTONIC, nanoseconds.
    private var offset: Int64 = 0

    mutating func time(of moment: Instant) -> Timestamp {
        let measured = Int64(Clock.realtime()) - Int64(Clock.monotonic())
        // The two cannot be read at one moment. A time that is told again is the same, unless the clock was set.
        if abs(measured - offset) >= 100_000_000 { offset = measured }
        // It may be a worker's word, which is any number.
        let (wall, overflow) = Int64(clamping: moment.nanoseconds).addingReportingOverflow(offset)
        return Timestamp(millisecondsSinceEpoch: (overflow ? Int64.max : wall) / 1_000_000)
    }
}
