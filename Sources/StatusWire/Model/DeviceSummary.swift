/// One device as every local user may see it: nothing in it holds a path, a URI or an argument.
public struct DeviceSummary: Codable, Sendable, Equatable {
    public var name: String
    /// N of `/dev/ublkbN`; nil until one is given to it.
    public var id: Int?
    /// `/dev/ublkbN`; nil while there is no such node.
    public var node: String?
    public var state: DeviceState
    public var reason: DeviceReason
    /// One sentence for a person, without a path; empty when there is nothing to say.
    public var message: String
    /// When the device came into this state.
    public var since: Timestamp
    /// When ublkd will try again by itself, while it waits to.
    public var nextAttempt: Timestamp?
    public var kernelState: KernelState?
    public var workerPid: Int?
    /// The target's word in the configuration: `null`, `memory`, `file`, …
    public var target: String
    /// Bytes; nil while unknown (a backend that never opened).
    public var size: UInt64?
    /// Recoveries of the whole worker since the device was started.
    public var recoveries: UInt64
    public var lastRecovery: LastRecovery?
    public var queues: [QueueSummary]
    public var owner: DeviceOwner

    public init(
        name: String, id: Int? = nil, node: String? = nil, state: DeviceState, reason: DeviceReason = .none,
        message: String = "", since: Timestamp, nextAttempt: Timestamp? = nil,
        kernelState: KernelState? = nil,
        workerPid: Int? = nil, target: String, size: UInt64? = nil, recoveries: UInt64 = 0,
        lastRecovery: LastRecovery? = nil, queues: [QueueSummary] = [], owner: DeviceOwner = .ours
    ) {
        self.name = name
        self.id = id
        self.node = node
        self.state = state
        self.reason = reason
        self.message = message
        self.since = since
        self.nextAttempt = nextAttempt
        self.kernelState = kernelState
        self.workerPid = workerPid
        self.target = target
        self.size = size
        self.recoveries = recoveries
        self.lastRecovery = lastRecovery
        self.queues = queues
        self.owner = owner
    }
}
