/// One queue of a device. Counters run from the start of the device, across its workers.
public struct QueueSummary: Codable, Sendable, Equatable {
    public var index: Int
    /// Kernel thread id of the thread that serves it; nil without a worker.
    public var tid: Int?
    public var state: QueueState
    /// Requests taken from the kernel and not yet answered.
    public var inflight: Int
    public var reads: UInt64
    public var writes: UInt64
    public var readBytes: UInt64
    public var writeBytes: UInt64
    /// Requests answered with an error.
    public var errors: UInt64
    public var recoveries: UInt64
    /// The newest error in words, without a path: everybody may read it.
    public var lastError: String?
    /// When the queue last completed a request.
    public var lastProgressAt: Timestamp?

    public init(
        index: Int, tid: Int? = nil, state: QueueState, inflight: Int = 0, reads: UInt64 = 0,
        writes: UInt64 = 0, readBytes: UInt64 = 0, writeBytes: UInt64 = 0, errors: UInt64 = 0,
        recoveries: UInt64 = 0, lastError: String? = nil, lastProgressAt: Timestamp? = nil
    ) {
        self.index = index
        self.tid = tid
        self.state = state
        self.inflight = inflight
        self.reads = reads
        self.writes = writes
        self.readBytes = readBytes
        self.writeBytes = writeBytes
        self.errors = errors
        self.recoveries = recoveries
        self.lastError = lastError
        self.lastProgressAt = lastProgressAt
    }
}
