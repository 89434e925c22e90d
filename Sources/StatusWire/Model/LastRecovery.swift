/// The newest recovery of a device, finished or not.
public struct LastRecovery: Codable, Sendable, Equatable {
    public var cause: RecoveryCause
    public var scope: RecoveryScope
    public var startedAt: Timestamp
    /// From the moment the loss was noticed until the device served again, in seconds; nil while it lasts.
    public var downtimeSeconds: Double?
    public var steps: RecoverySteps?

    public init(
        cause: RecoveryCause, scope: RecoveryScope, startedAt: Timestamp, downtimeSeconds: Double? = nil,
        steps: RecoverySteps? = nil
    ) {
        self.cause = cause
        self.scope = scope
        self.startedAt = startedAt
        self.downtimeSeconds = downtimeSeconds
        self.steps = steps
    }
}

/// When each step of a worker's recovery was reached, in seconds of CLOCK_MONOTONIC; nil: not reached.
public struct RecoverySteps: Codable, Sendable, Equatable {
    /// The death (or the stall) was noticed.
    public var detected: Double?
    /// The first START_USER_RECOVERY was sent.
    public var startSent: Double?
    /// START_USER_RECOVERY answered 0.
    public var startAccepted: Double?
    /// END_USER_RECOVERY was sent.
    public var endSent: Double?
    /// The new worker was told to open the device.
    public var attachSent: Double?
    /// The new worker had submitted all its FETCHes.
    public var fetched: Double?
    /// GET_DEV_INFO said LIVE.
    public var live: Double?
    /// The new worker completed its first request.
    public var firstIO: Double?

    public init(
        detected: Double? = nil, startSent: Double? = nil, startAccepted: Double? = nil,
        endSent: Double? = nil, attachSent: Double? = nil, fetched: Double? = nil, live: Double? = nil,
        firstIO: Double? = nil
    ) {
        self.detected = detected
        self.startSent = startSent
        self.startAccepted = startAccepted
        self.endSent = endSent
        self.attachSent = attachSent
        self.fetched = fetched
        self.live = live
        self.firstIO = firstIO
    }
}
