/// A moment by which a command ends, on the monotonic clock.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    init(after span: TimeSpan) {
        end = ContinuousClock.now + .milliseconds(span.milliseconds)
    }

    var hasPassed: Bool { remainingMilliseconds == 0 }

    /// What is left, rounded up, as poll(2) takes it; 0 when it has passed.
    var remainingMilliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
