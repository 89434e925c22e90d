/// The shape of a device in the kernel.
public struct DeviceGeometry: Codable, Sendable, Equatable {
    public var queues: Int
    public var queueDepth: Int
    /// Logical block size, bytes.
    public var blockSize: Int
    /// Physical block size, bytes.
    public var physicalBlockSize: Int
    /// Largest request, bytes.
    public var maxIO: Int
    /// Size in sectors of 512 bytes.
    public var sectors: UInt64

    public init(
        queues: Int, queueDepth: Int, blockSize: Int, physicalBlockSize: Int, maxIO: Int, sectors: UInt64
    ) {
        self.queues = queues
        self.queueDepth = queueDepth
        self.blockSize = blockSize
        self.physicalBlockSize = physicalBlockSize
        self.maxIO = maxIO
        self.sectors = sectors
    }
}

/// How a device is served: what was negotiated, not what was asked.
public struct DeviceModes: Codable, Sendable, Equatable {
    /// `copy`, `zero-copy` or `batch`.
    public var io: String
    /// `reissue`, `fail-inflight`, `fail-io` or `none`.
    public var recovery: String
    public var readOnly: Bool
    public var discard: Bool

    public init(io: String, recovery: String, readOnly: Bool, discard: Bool) {
        self.io = io
        self.recovery = recovery
        self.readOnly = readOnly
        self.discard = discard
    }
}

/// Memory of a device's worker, bytes (`/proc/PID/status`).
public struct WorkerMemory: Codable, Sendable, Equatable {
    /// VmRSS.
    public var residentBytes: UInt64
    /// VmLck.
    public var lockedBytes: UInt64

    public init(residentBytes: UInt64, lockedBytes: UInt64) {
        self.residentBytes = residentBytes
        self.lockedBytes = lockedBytes
    }
}
