// Records between ublkd and its children: one record a SEQPACKET message, little-endian, fields in a fixed
// order. A reader that finds a record longer than it knows ignores the rest, so fields are only ever added
// at the end; anything else raises `ChildProtocol.version`.

/// Builds one record.
public struct RecordWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    /// Starts with the kind of the record.
    public init(kind: UInt16) { put(kind) }

    public mutating func put<T: FixedWidthInteger>(_ value: T) {
        var rest = value
        for _ in 0..<(T.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest = T.bitWidth > 8 ? rest >> 8 : 0
        }
    }

    public mutating func put(_ value: Bool) { put(UInt8(value ? 1 : 0)) }

    public mutating func put(_ text: String) {
        let utf8 = Array(text.utf8)
        put(UInt32(truncatingIfNeeded: utf8.count))
        bytes += utf8
    }

    public mutating func put(_ texts: [String]) {
        put(UInt32(truncatingIfNeeded: texts.count))
        for text in texts { put(text) }
    }

    public mutating func put(raw: [UInt8]) {
        put(UInt32(truncatingIfNeeded: raw.count))
        bytes += raw
    }
}

/// A record that does not hold what it should: a peer of another version, or garbage.
public struct RecordError: Error, Equatable, Sendable {
    public init() {}
}

/// Takes one record apart. Nothing that arrives can make it trap.
public struct RecordReader: Sendable {
    private let bytes: [UInt8]
    private var at = 0
    public let kind: UInt16

    public init(_ bytes: [UInt8]) throws(RecordError) {
        guard bytes.count >= 2 else { throw RecordError() }
        self.bytes = bytes
        kind = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        at = 2
    }

    public mutating func take<T: FixedWidthInteger>(_: T.Type = T.self) throws(RecordError) -> T {
        let size = T.bitWidth / 8
        guard bytes.count - at >= size else { throw RecordError() }
        var value: T = 0
        for i in 0..<size { value |= T(truncatingIfNeeded: bytes[at + i]) << (8 * i) }
        at += size
        return value
    }

    public mutating func takeBool() throws(RecordError) -> Bool { try take(UInt8.self) != 0 }

    public mutating func takeString() throws(RecordError) -> String {
        String(decoding: try takeRaw(), as: UTF8.self)
    }

    public mutating func takeStrings() throws(RecordError) -> [String] {
        let count = try take(UInt32.self)
        // Every text takes four bytes at least: a count that cannot fit allocates nothing.
        guard Int(count) <= (bytes.count - at) / 4 else { throw RecordError() }
        var texts: [String] = []
        for _ in 0..<count { texts.append(try takeString()) }
        return texts
    }

    public mutating func takeRaw() throws(RecordError) -> [UInt8] {
        let count = Int(try take(UInt32.self))
        guard bytes.count - at >= count else { throw RecordError() }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }
}

/// What ublkd, its workers and its agents agree on.
public enum ChildProtocol {
    /// Raised when a record changes its meaning; a peer of another version is told so and left.
    public static var version: UInt32 { 1 }
    /// Largest record, bytes.
    public static var maxRecord: Int { 64 * 1024 }
    /// The child's end of its socket.
    public static var socketDescriptor: Int32 { 3 }
    /// In a serving worker: a duplicate of ublkd's end, so that the socket outlives ublkd and a new one can
    /// fetch its end from the worker (pidfd_getfd).
    public static var supervisorEndDescriptor: Int32 { 4 }
    /// In a specialised worker: the status page.
    public static var statusPageDescriptor: Int32 { 5 }
    /// In a specialised worker of a `memory` device: its contents.
    public static var memoryDescriptor: Int32 { 6 }
}
