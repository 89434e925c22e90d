/// A point on CLOCK_MONOTONIC. Policy is given it; it never reads a clock.
public struct Instant: Comparable, Hashable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    public func adding(milliseconds: UInt64) -> Instant {
        let (product, tooBig) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow) = nanoseconds.addingReportingOverflow(tooBig ? UInt64.max : product)
        return Instant(nanoseconds: overflow ? UInt64.max : sum)
    }

    /// Milliseconds from `earlier` to this point, 0 if it lies after it.
    public func milliseconds(since earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? (nanoseconds - earlier.nanoseconds) / 1_000_000 : 0
    }
}
