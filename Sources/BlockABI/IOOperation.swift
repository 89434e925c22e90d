public import CUblk

/// What a request asks for: bits 0-7 of a descriptor's first word.
public struct IOOperation: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static var read: IOOperation { IOOperation(rawValue: 0) }
    public static var write: IOOperation { IOOperation(rawValue: 1) }
    public static var flush: IOOperation { IOOperation(rawValue: 2) }
    public static var discard: IOOperation { IOOperation(rawValue: 3) }
    public static var writeZeroes: IOOperation { IOOperation(rawValue: 5) }

    // The library's own `==` for raw values is generic, and stays a call where it is not specialised.
    public static func == (a: IOOperation, b: IOOperation) -> Bool { a.rawValue == b.rawValue }

    /// Carries data in the slot's buffer.
    public var hasData: Bool { rawValue <= 1 }
    /// Changes what the device holds.
    public var modifies: Bool { self == .write || self == .discard || self == .writeZeroes }
}

/// How a request is to be done: bits 8 and up of a descriptor's first word.
public struct IOFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Answered only once the data is on stable storage.
    public static var forceUnitAccess: IOFlags { IOFlags(rawValue: CU_IO_F_FUA) }
    /// WRITE_ZEROES that must leave the range allocated.
    public static var noUnmap: IOFlags { IOFlags(rawValue: CU_IO_F_NOUNMAP) }
}

/// One request as the driver describes it. Valid from the completion of its slot's command to its commit.
public struct IORequest: Equatable, Sendable {
    public let operation: IOOperation
    public let flags: IOFlags
    /// Bytes from the start of the device.
    public let offset: UInt64
    /// Bytes.
    public let length: UInt64

    public init(_ descriptor: cu_io_desc) {
        operation = IOOperation(rawValue: UInt8(truncatingIfNeeded: descriptor.op_flags))
        flags = IOFlags(rawValue: descriptor.op_flags & ~0xff)
        offset = descriptor.start_sector &<< 9
        length = UInt64(descriptor.nr_sectors) &<< 9
    }
}
