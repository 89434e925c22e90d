public import BlockABI

/// ublkd to a control agent: one thing that can block. `token` names it in every answer and in `cancel`.
public struct AgentRequest: Sendable, Equatable {
    public var token: UInt64
    public var work: AgentWork
    /// Milliseconds after which the agent cancels the command itself; its answer then is what the kernel
    /// gave. 0: no limit.
    public var deadline: UInt32

    public init(token: UInt64, work: AgentWork, deadline: UInt32) {
        self.token = token
        self.work = work
        self.deadline = deadline
    }
}

public enum AgentWork: Sendable, Equatable {
    /// Answer: result 0 and, as payload, the info that the driver returned.
    case addDevice(DeviceInfo)
    case setParameters(device: UInt32, parameters: [UInt8])
    case startDevice(device: UInt32, serverPID: Int32)
    case stopDevice(device: UInt32)
    /// STOP_DEV that the kernel refuses with EBUSY while somebody has the node open.
    case tryStopDevice(device: UInt32)
    /// STOP_DEV while the agent has the disk's node claimed (O_EXCL). EBUSY, and no STOP_DEV: somebody else has, as a
    /// file system that is detached and still being written out. For kernels without TRY_STOP_DEV.
    case stopUnclaimedDevice(device: UInt32, node: String)
    case deleteDevice(device: UInt32)
    /// Repeated while the driver says EBUSY, every `retryMicroseconds`, until the deadline.
    case startUserRecovery(device: UInt32, retryMicroseconds: UInt32)
    case endUserRecovery(device: UInt32, serverPID: Int32)
    /// Fetches every slot of a dead worker's queues and leaves: what a classic kernel needs before a
    /// START_USER_RECOVERY that may be a repetition.
    case filler(device: UInt32, queues: UInt16, queueDepth: UInt16)
    /// Writes `value` to an absolute path in sysfs.
    case writeAttribute(path: String, value: String)
    /// Opens an attribute in sysfs for reading, or for both; the descriptor comes with the answer.
    case openAttribute(path: String, writable: Bool)
    /// Changes owner, group and mode of a node.
    case setNodeAccess(path: String, uid: UInt32, gid: UInt32, mode: UInt32)
    /// Result 1: `path` leads to this backend; 0: to another one.
    case compareBackend(path: String, BackendIdentity)
    /// Makes sure that the backend has `size` bytes; with `mayGrow` a regular file is extended. EFBIG: it is
    /// smaller and stays so. ESTALE: `path` leads to another backend.
    case growBackend(path: String, BackendIdentity, size: UInt64, mayGrow: Bool)
    /// Opens the backend that `path` leads to, for a queue that goes on with it; the descriptor comes with the answer,
    /// and is not locked. ESTALE: `path` leads to another backend; EFBIG: it has fewer than `size` bytes.
    case openBackend(path: String, BackendIdentity, size: UInt64, readOnly: Bool, directIO: Bool)
    /// Waits until no request is with the worker, then takes its slots back; at most `milliseconds`.
    case quiesceDevice(device: UInt32, milliseconds: UInt32)
    case updateSize(device: UInt32, sectors: UInt64)
    /// Writes out the file system that is mounted at `path`.
    case syncFileSystem(path: String)
    /// Asks the kernel to give up command `token`; it has no answer of its own.
    case cancel(token: UInt64)
}

/// Agent to ublkd.
public enum AgentReply: Sendable, Equatable {
    case hello(protocolVersion: UInt32, pid: Int32)
    /// The command is with the kernel (it may sleep there). Sent for START_DEV and END_USER_RECOVERY, whose
    /// submission allows the next step.
    case submitted(token: UInt64)
    /// 0 or more, or -errno. `payload` is what the kernel wrote back. `atNanoseconds`: CLOCK_MONOTONIC when
    /// the answer was seen.
    case done(token: UInt64, result: Int32, payload: [UInt8], atNanoseconds: UInt64)
}
