internal import CUblk

/// The header of a status page at one moment. Times are CLOCK_MONOTONIC nanoseconds, 0: not yet.
public struct StatusHeader: Equatable, Sendable {
    /// Workers that were attached so far.
    public let generation: UInt32
    public let workerPID: Int32
    /// Every slot of every queue of this worker was fetched.
    public let fetchedAt: UInt64
    /// This worker's first completed request.
    public let firstIOAt: UInt64
}

/// What a queue's thread says of itself.
public enum QueueState: UInt32, Sendable, CaseIterable {
    /// No worker.
    case absent = 0
    case prepared = 1
    case serving = 2
    /// The driver aborted every slot, or the thread left.
    case ended = 3
    case recovering = 4
    case failed = 5
}

/// One request that failed.
public struct FailedRequest: Equatable, Sendable {
    /// CLOCK_MONOTONIC nanoseconds.
    public let at: UInt64
    /// First sector of 512 bytes.
    public let sector: UInt64
    /// Operation by the driver's number.
    public let operation: UInt32
    /// -errno.
    public let result: Int32
    public let tag: UInt32
    public let sectors: UInt32
}

/// One queue at one moment. Times are CLOCK_MONOTONIC nanoseconds, 0: not yet.
public struct QueueStatus: Equatable, Sendable {
    public let index: UInt32
    /// Nil for a number that this version does not know.
    public let state: QueueState?
    public let threadID: Int32
    /// Requests delivered and not committed.
    public let inflight: UInt32
    /// Completed requests.
    public let reads: UInt64
    public let writes: UInt64
    public let flushes: UInt64
    public let others: UInt64
    public let readBytes: UInt64
    public let writeBytes: UInt64
    /// Failed requests.
    public let errors: UInt64
    /// Recoveries in place.
    public let recoveries: UInt64
    public let lastProgressAt: UInt64
    public let fetchedAt: UInt64
    public let firstIOAt: UInt64
    /// Number of the last probe that was passed on to the thread, and of the last one that it answered.
    public let probeAsked: UInt64
    public let probeAnswered: UInt64
    /// The newest failures, oldest first; at most 16.
    public let failures: [FailedRequest]

    /// Completed requests of every kind.
    public var completed: UInt64 { reads &+ writes &+ flushes &+ others }
}
