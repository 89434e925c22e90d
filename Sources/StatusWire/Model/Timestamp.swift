/// A moment of the wall clock, to the millisecond; in JSON the RFC 3339 text in UTC,
/// `2026-08-01T12:34:56.789Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
    public let millisecondsSinceEpoch: Int64

    /// Kept within the years 0000 to 9999, which is what RFC 3339 can write.
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = min(max(millisecondsSinceEpoch, Self.first), Self.last)
    }

    /// From a `timespec` of CLOCK_REALTIME. What is finer than a millisecond is cut off.
    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        let bounded = min(max(seconds, Self.first / 1000), Self.last / 1000)
        self.init(millisecondsSinceEpoch: bounded * 1000 + nanoseconds / 1_000_000)
    }

    private static var first: Int64 { -62_167_219_200_000 }
    private static var last: Int64 { 253_402_300_799_999 }

    public static func < (left: Self, right: Self) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// Seconds from `earlier` to this moment; negative when the clock was set back in between.
    public func seconds(since earlier: Timestamp) -> Double {
        Double(millisecondsSinceEpoch - earlier.millisecondsSinceEpoch) / 1000
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not an RFC 3339 time")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
