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
    /// Nil for a value that no submission of ours carries.
    public var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: rawValue &>> 16)) }

    /// Zero is no kind: an entry that nobody filled in is not taken for a slot's.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// FETCH or COMMIT_AND_FETCH of a slot.
        case slot = 1
        /// A target's own submission for a slot's request.
        case backend = 2
        /// The queue's eventfd: a probe, or the device is ending.
        case wake = 3
        /// The grace period of an ending queue is over.
        case grace = 4
    }
}
