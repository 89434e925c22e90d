/// What a completion belongs to, packed into the 64 bits that a ring carries through.
///
/// Bits 0-15 the tag, 16-23 the kind, 24-31 the step of a request that takes several submissions. The rest is
/// zero.
public struct UserData: RawRepresentable, Equatable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ kind: Kind, tag: UInt16 = 0, step: UInt8 = 0) {
        rawValue = UInt64(tag) | UInt64(kind.rawValue) &<< 16 | UInt64(step) &<< 24
    }

    public var tag: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
    public var step: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 24) }
    public var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: rawValue &>> 16)) }

    /// A struct and not an enum: reading one is free in the loop. Zero is no kind, so that an entry which nobody
    /// filled in is not taken for a slot's.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static func == (a: Kind, b: Kind) -> Bool { a.rawValue == b.rawValue }

        /// FETCH or COMMIT_AND_FETCH of a slot.
        public static var slot: Kind { Kind(rawValue: 1) }
        /// A target's own submission for a slot's request.
        public static var backend: Kind { Kind(rawValue: 2) }
        /// The queue's eventfd: a probe, or the device is ending.
        public static var wake: Kind { Kind(rawValue: 3) }
        /// The grace period of an ending queue is over.
        public static var grace: Kind { Kind(rawValue: 4) }
        /// The answer to a cancellation; the cancelled entry's own answer is the one that counts.
        public static var cancel: Kind { Kind(rawValue: 5) }
        /// It is time to look at the age of requests.
        public static var tick: Kind { Kind(rawValue: 6) }
        /// It is time to see whether the queue is at rest.
        public static var rest: Kind { Kind(rawValue: 7) }
    }
}
