/// A request by what it is and where it starts, in one word (CUblk/meter.h): what a worker that died was doing.
public struct RequestKey: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(_ operation: IOOperation, sector: UInt64) {
        let place = operation == .flush ? 0 : sector << 8 & ~(1 << 63)
        rawValue = 1 << 63 | place | UInt64(operation.rawValue)
    }

    public var operation: IOOperation { IOOperation(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
    /// First sector of 512 bytes.
    public var sector: UInt64 { (rawValue & ~(1 << 63)) >> 8 }

    /// `WRITE at sector 2048`.
    public var description: String {
        let name: String =
            switch operation {
            case .read: "READ"
            case .write: "WRITE"
            case .flush: "FLUSH"
            case .discard: "DISCARD"
            case .writeZeroes: "WRITE_ZEROES"
            default: "operation \(operation.rawValue)"
            }
        return operation == .flush ? name : "\(name) at sector \(sector)"
    }
}
