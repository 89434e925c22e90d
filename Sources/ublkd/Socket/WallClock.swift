import DevicePolicy
import LinuxSys
import StatusWire

/// A moment that is told of for long: the clock behind it goes on while the host is suspended.
struct Moment {
    fileprivate let bootNanoseconds: UInt64

    static var now: Moment { Moment(bootNanoseconds: Clock.boottime()) }
}

/// Tells moments of other clocks by the wall clock, as that is set when it is asked.
struct WallClock {
    /// What CLOCK_REALTIME is ahead of another clock, nanoseconds.
    private struct Lead {
        private var known: Int64 = 0

        mutating func wallTime(of moment: UInt64, now: UInt64) -> Timestamp {
            let measured = Int64(Clock.realtime()) - Int64(clamping: now)
            // Two clocks cannot be read at one moment. A time that is told again is the same, unless the clock was set.
            if abs(measured - known) >= 100_000_000 { known = measured }
            // It may be a worker's word, which is any number.
            let (wall, overflow) = Int64(clamping: moment).addingReportingOverflow(known)
            return Timestamp(millisecondsSinceEpoch: (overflow ? Int64.max : wall) / 1_000_000)
        }
    }

    private var overBoottime = Lead()
    private var overMonotonic = Lead()

    mutating func time(of moment: Moment) -> Timestamp {
        overBoottime.wallTime(of: moment.bootNanoseconds, now: Clock.boottime())
    }

    mutating func time(of moment: Instant) -> Timestamp {
        overMonotonic.wallTime(of: moment.nanoseconds, now: Clock.monotonic())
    }
}
