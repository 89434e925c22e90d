/// Counts deaths without service in between and says how long the next attempt waits.
///
/// A worker that was live for ten seconds or served one request has done its work: its death starts the
/// count anew, and the recovery after it is immediate.
public struct DeathTally: Sendable, Equatable {
    private var deaths: [Instant] = []
    private var inARow = 0
    /// There were more deaths than the settings bear. Waits that are longer than the interval do not end that.
    private var wasExhausted = false

    /// Milliseconds live after which a worker counts as having served.
    public static var serviceTime: UInt64 { 10_000 }

    public init() {}

    /// Deaths without service in the present interval.
    public var count: Int { deaths.count }

    public mutating func reset() {
        deaths = []
        inARow = 0
        wasExhausted = false
    }

    /// Records a death without service. Returns the milliseconds to wait before the next attempt, without
    /// jitter: 0 for the first, then `restartDelay`, doubling up to `restartDelayMax`.
    public mutating func died(at now: Instant, _ settings: PolicySettings) -> UInt64 {
        deaths.append(now)
        forget(before: now, settings)
        if deaths.count > settings.restartBurst { wasExhausted = true }
        defer { inARow += 1 }
        guard inARow > 0 else { return 0 }
        let doublings = min(inARow - 1, 30)
        let (delay, overflow) = settings.restartDelay.multipliedReportingOverflow(by: 1 << UInt64(doublings))
        return overflow ? settings.restartDelayMax : min(delay, settings.restartDelayMax)
    }

    /// More deaths than the settings bear, and no service since.
    public func isExhausted(_ settings: PolicySettings) -> Bool {
        deaths.count > settings.restartBurst || wasExhausted && inARow > settings.restartBurst
    }

    private mutating func forget(before now: Instant, _ settings: PolicySettings) {
        deaths.removeAll { now.milliseconds(since: $0) > settings.restartInterval }
        // Only the number above the burst matters, so a crash loop does not make the list grow.
        if deaths.count > settings.restartBurst + 1 {
            deaths.removeFirst(deaths.count - settings.restartBurst - 1)
        }
    }
}

/// A delay with its ±20 %, from a random number that the shell gives.
public func jittered(_ milliseconds: UInt64, random: UInt32) -> UInt64 {
    let percent = 80 + UInt64(random % 41)
    return milliseconds / 100 * percent + milliseconds % 100 * percent / 100
}
