/// When a device tells that requests failed below: of the first at once, then at most once a minute of what came since.
public struct FailureReport: Sendable, Equatable {
    private var told: UInt64
    private var toldAt: Instant?

    /// Milliseconds between two words of it.
    public static var interval: UInt64 { 60_000 }

    /// `known`: requests that failed before anybody looked.
    public init(known: UInt64 = 0) { told = known }

    /// The look at its queues found `total` failed requests since the disk was made. Returns how many of them are to be told
    /// of now; nil: none.
    public mutating func news(total: UInt64, at now: Instant) -> UInt64? {
        // A new disk counts from the beginning.
        if total < told { told = 0 }
        guard total > told else { return nil }
        if let toldAt, now.milliseconds(since: toldAt) < Self.interval { return nil }
        defer { told = total }
        toldAt = now
        return total - told
    }

    /// The same, of requests that were to fail: nobody is told.
    public mutating func pass(over total: UInt64) { told = total }
}
