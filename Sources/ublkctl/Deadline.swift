internal import Glibc

/// A moment by which a command ends, on the monotonic clock.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// nil: a year.
    init(after span: TimeSpan?) {
        end = ContinuousClock.now + .milliseconds(span?.milliseconds ?? 31_536_000_000)
    }

    var hasPassed: Bool { remainingMilliseconds == 0 }

    /// Sleeps, but not past the deadline.
    func pause(milliseconds: Int32) {
        usleep(UInt32(max(0, min(milliseconds, remainingMilliseconds))) * 1000)
    }

    /// What is left, rounded up, as poll(2) takes it; 0 when it has passed.
    var remainingMilliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
