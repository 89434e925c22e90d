/// A duration of the configuration.
public struct Milliseconds: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static var zero: Self { Self(rawValue: 0) }
    public static func milliseconds(_ count: UInt64) -> Self { Self(rawValue: count) }
    public static func seconds(_ count: UInt64) -> Self { Self(rawValue: count * 1000) }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// As the configuration writes it: the largest unit that holds it in whole numbers, as `250ms`, `10s`,
    /// `5min`.
    public var description: String {
        for (size, unit) in Self.units.reversed() where rawValue >= size && rawValue.isMultiple(of: size) {
            return "\(rawValue / size)\(unit)"
        }
        return "0s"
    }

    /// Smallest first.
    private static var units: [(size: UInt64, unit: String)] {
        [(1, "ms"), (1000, "s"), (60_000, "min"), (3_600_000, "h")]
    }

    /// Reads what `description` writes. nil: not a duration, or more than 64 bits of milliseconds.
    public init?(parsing text: String) {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard let count = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let unit = String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)
        guard let size = Self.units.first(where: { $0.unit == unit })?.size else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow else { return nil }
        rawValue = product
    }
}
