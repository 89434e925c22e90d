/// The part of a device's configuration that its policy asks.
public struct PolicySettings: Sendable, Equatable {
    /// What happens when a device dies more often than it is given time to serve.
    public enum AfterGivingUp: Sendable, Equatable { case retry, hold, fail }

    /// Milliseconds.
    public var restartDelay: UInt64
    public var restartDelayMax: UInt64
    /// Deaths without service in `restartInterval` milliseconds that are borne; 0: never recover by itself.
    public var restartBurst: Int
    public var restartInterval: UInt64
    public var afterGivingUp: AfterGivingUp
    /// The kernel keeps the disk when its worker dies (`recovery` is not `none`).
    public var survivesWorker: Bool
    /// Requests of a worker that died are issued again (`recovery = "reissue"`), where others fail.
    public var reissues: Bool
    /// Milliseconds one kernel control command may take.
    public var controlTimeout: UInt64
    /// Milliseconds without a sign of life after which a queue thread with I/O in flight is stalled.
    public var stallTimeout: UInt64
    /// Tags of a queue as in ADD_DEV, and what `nr_requests` is limited to afterwards (classic kernels).
    public var requestLimit: Int?

    public init(
        restartDelay: UInt64 = 100, restartDelayMax: UInt64 = 10_000, restartBurst: Int = 5,
        restartInterval: UInt64 = 60_000, afterGivingUp: AfterGivingUp = .retry, survivesWorker: Bool = true,
        reissues: Bool = true, controlTimeout: UInt64 = 5_000, stallTimeout: UInt64 = 10_000,
        requestLimit: Int? = nil
    ) {
        self.restartDelay = restartDelay
        self.restartDelayMax = restartDelayMax
        self.restartBurst = restartBurst
        self.restartInterval = restartInterval
        self.afterGivingUp = afterGivingUp
        self.survivesWorker = survivesWorker
        self.reissues = reissues
        self.controlTimeout = controlTimeout
        self.stallTimeout = stallTimeout
        self.requestLimit = requestLimit
    }
}
