/// Shape of a device's queues.
public struct QueueGeometry: Sendable, Equatable {
    public var queues: UInt16
    /// Tags of each queue.
    public var depth: UInt16
    /// Bytes of the largest request.
    public var maxIO: UInt32

    public init(queues: UInt16, depth: UInt16, maxIO: UInt32) {
        self.queues = queues
        self.depth = depth
        self.maxIO = maxIO
    }

    private static var page: Int { 4096 }
    private static var descriptorBytes: Int { 24 }

    /// Bytes of one tag's buffer: whole pages.
    var stride: Int { (Int(maxIO) + Self.page - 1) & ~(Self.page - 1) }
    /// Bytes of one queue's buffers. Address space: a page counts once it was touched.
    var bufferBytes: Int { stride * Int(depth) }
    /// Bytes of one queue's mapped descriptors; the driver wants exactly this.
    var mappingBytes: Int { (Int(depth) * Self.descriptorBytes + Self.page - 1) & ~(Self.page - 1) }
    /// Where the driver maps the descriptors of `queue`: each has room for the largest depth.
    func mappingOffset(_ queue: UInt16) -> UInt64 { UInt64(queue) * UInt64(4096 * Self.descriptorBytes) }
}

/// Whom the queue threads serve as.
public struct ServingUser: Sendable, Equatable {
    public let uid: UInt32
    public let gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }
}
