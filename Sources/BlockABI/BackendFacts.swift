/// What a prepared worker found below: everything the device's parameters are made of, and the identity
/// that a later worker must find again.
public struct BackendFacts: Sendable, Equatable, Codable {
    /// Bytes that can be served, a multiple of `logicalBlock`.
    public var size: UInt64
    /// Bytes; 512 to 4096.
    public var logicalBlock: UInt32
    /// Bytes.
    public var physicalBlock: UInt32
    /// Bytes; the preferred request size, 0 when the backend names none.
    public var optimalIO: UInt32
    public var identity: BackendIdentity
    /// False when the backend has no direct I/O and buffered I/O is used instead.
    public var directIO: Bool
    public var canDiscard: Bool
    public var canWriteZeroes: Bool
    /// Bytes.
    public var discardGranularity: UInt32
    /// The backend keeps written data in a cache that a FLUSH empties.
    public var volatileCache: Bool
    public var rotational: Bool
    public var readOnly: Bool
    /// Sentences for the operator: fall-backs taken.
    public var warnings: [String]

    public init(
        size: UInt64, logicalBlock: UInt32 = 512, physicalBlock: UInt32 = 4096, optimalIO: UInt32 = 0,
        identity: BackendIdentity = .none, directIO: Bool = false, canDiscard: Bool = false,
        canWriteZeroes: Bool = false, discardGranularity: UInt32 = 0, volatileCache: Bool = false,
        rotational: Bool = false, readOnly: Bool = false, warnings: [String] = []
    ) {
        self.size = size
        self.logicalBlock = logicalBlock
        self.physicalBlock = physicalBlock
        self.optimalIO = optimalIO
        self.identity = identity
        self.directIO = directIO
        self.canDiscard = canDiscard
        self.canWriteZeroes = canWriteZeroes
        self.discardGranularity = discardGranularity
        self.volatileCache = volatileCache
        self.rotational = rotational
        self.readOnly = readOnly
        self.warnings = warnings
    }
}

/// Which disk is below, beyond its path: a worker that finds another one must not serve it.
public enum BackendIdentity: Sendable, Equatable, Hashable, Codable {
    /// Nothing is kept (`null`).
    case none
    /// A memfd that ublkd keeps (`memory`): its inode number.
    case memory(inode: UInt64)
    /// A regular file by device and inode number (`stat`).
    case file(device: UInt64, inode: UInt64)
    /// A block device by its device number (`st_rdev`).
    case blockDevice(number: UInt64)
}
