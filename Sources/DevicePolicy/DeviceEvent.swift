public import BlockABI

/// Names a worker process for as long as ublkd knows it; never used twice by one ublkd.
public struct WorkerID: Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A worker as policy holds it.
public struct WorkerRef: Hashable, Sendable {
    public var id: WorkerID
    public var pid: Int32
    public init(id: WorkerID, pid: Int32) {
        self.id = id
        self.pid = pid
    }
}

/// A command for a control agent; at most one a device is under way.
public enum ControlStep: Hashable, Sendable {
    case addDevice
    case setParameters
    case startDevice(pid: Int32)
    /// Repeated while the kernel says EBUSY: every half millisecond, or lazily while I/O drains.
    case startUserRecovery(lazily: Bool)
    case endUserRecovery(pid: Int32)
    case filler
    case stopDevice
    /// STOP_DEV that is refused while the disk is open.
    case tryStopDevice
    case deleteDevice
    /// Limits the requests of a queue to one less than its tags (classic kernels).
    case limitRequests
    /// Takes the slots back from a worker that is to be replaced, once no request is with it.
    case quiesceDevice
    case updateSize(bytes: UInt64)
}

/// Why a worker is gone.
public enum DeathCause: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    case unknown
}

/// Why a recovery began.
public enum RecoveryCause: Hashable, Sendable {
    case death(DeathCause)
    case stall
    case threadEnded
    /// The backend of a queue failed.
    case backend
    case operatorAsked
    case upgrade
}

/// Everything a device's policy can be told.
public enum DeviceEvent: Sendable {
    /// ublkd starts with this device in its configuration, or it was added, or an operator said `start`.
    case start
    /// An operator said `stop`, or the device left the configuration (`remove`). `isOpen`: somebody uses the
    /// disk; `force`: stop it all the same.
    case stop(remove: Bool, force: Bool, isOpen: Bool)
    /// An operator said `recover`.
    case recover
    /// The worker is to be replaced by a new one with the present configuration; no I/O fails.
    case replaceWorker
    /// The same, with the program that is installed now; the former one is used again should that fail.
    case upgrade
    /// The backend has this many bytes now, and the disk is to have them, too.
    case grow(bytes: UInt64)
    /// A device of ours that an earlier ublkd left.
    case adopt(Adoption)

    case workerGiven(WorkerRef)
    /// No worker could be had: the program is missing, or the host has no processes left.
    case workerUnavailable(Failure)
    /// Everything is ready but the backend, which is opened when it is told to (`admit`).
    case workerReady(WorkerID)
    case workerPrepared(WorkerID, BackendFacts)
    case workerAttached(WorkerID)
    case workerServing(WorkerID)
    case workerFailed(WorkerID, Failure)
    /// Told before its death: the requests that were with it.
    case diedWith(WorkerID, Set<RequestKey>)
    /// The process is gone. `served`: it completed a request since it was attached.
    case workerDied(WorkerID, DeathCause, served: Bool)
    /// A look at the queues of a live device, and the requests that the kernel has begun on the disk. `hasServed`:
    /// its present worker completed a request.
    case looked([QueueSample], diskInflight: Int, hasServed: Bool)
    /// An operator said `recover --queue`.
    case recoverQueues([Int])
    /// The queue sends nothing below until it has a backend again; ETIMEDOUT: a request got too old there.
    case queueNeedsBackend(WorkerID, queue: Int, Errno)
    /// What `openBackend` came to.
    case backendOpened(queue: Int)
    case backendNotOpened(queue: Int, Failure, Errno)
    case queueRecovered(WorkerID, queue: Int)
    /// The queue did not take the backend on.
    case queueNotRecovered(WorkerID, queue: Int, Errno)
    /// Every queue thread answered the probe.
    case probeAnswered(WorkerID)

    case slotGranted
    case controlSubmitted(ControlStep)
    /// The kernel's answer: 0 or more, or -errno. `deviceID`: of ADD_DEV; with an error, the number of a device
    /// that bears this device's owner mark all the same.
    case controlDone(ControlStep, result: Int32, deviceID: UInt32?)
    /// The deadline passed and the command was cancelled, but has not ended.
    case controlLate(ControlStep)
    /// The agent did not answer after all: it is written off, and nothing is known of the command.
    case controlLost(ControlStep)
    /// A lost command has ended after all, as its agent has. What it did is not known, but for ADD_DEV: `deviceID` is
    /// the number of a device that bears this device's owner mark.
    case controlReturned(ControlStep, deviceID: UInt32?)
    case deviceInfo(KernelState?, pid: Int32)
    /// Nothing answers GET_DEV_INFO for this id any more.
    case deviceGone
    /// Processes that hold ublkcN and should not; empty: nobody, the last I/O is draining.
    case holders([String])
    /// A disk that was to go when closed has no user any more.
    case closed
    case timer(DeviceTimer)
}

public enum DeviceTimer: Hashable, Sendable, CaseIterable {
    /// The next attempt after a failure.
    case retry
    /// The worker's present step has taken too long.
    case step
    /// Look at GET_DEV_INFO again.
    case verify
    /// The next attempt to open a queue's backend.
    case repair
}

/// What a new ublkd found of a device of its instance.
public struct Adoption: Sendable {
    public var deviceID: UInt32
    public var state: KernelState?
    /// The live, verified worker; nil when it is dead.
    public var worker: WorkerRef?
    /// The backend as the last worker found it.
    public var facts: BackendFacts?
    public var recoveries: UInt64
    /// Why the earlier ublkd gave its recovery up, so that it is held, or its worker answers with EIO; nil: it did not.
    public var givenUp: Failure?
    /// The earlier ublkd had begun to take the device from its worker.
    public var isReplacing: Bool

    public init(
        deviceID: UInt32, state: KernelState?, worker: WorkerRef?, facts: BackendFacts?, recoveries: UInt64,
        givenUp: Failure? = nil, isReplacing: Bool = false
    ) {
        self.deviceID = deviceID
        self.state = state
        self.worker = worker
        self.facts = facts
        self.recoveries = recoveries
        self.givenUp = givenUp
        self.isReplacing = isReplacing
    }
}

/// Why a device is not as it should be: for `reason` and `message`.
public struct Failure: Error, Hashable, Sendable, Codable {
    /// As CONTRACT names them, without the ones that are states of policy itself.
    public enum Reason: String, Hashable, Sendable, Codable {
        case none, backingMissing, backingChanged, backingError, crashLoop, poison, unkillable,
            recoveryBlocked
        case kernelUnrecoverable, idTaken, noWorkerUser, controlWedged, reloadPending, operatorAsked
    }
    public var reason: Reason
    /// A sentence: what failed, why, and what to do. Without the device's name.
    public var message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

extension DeviceEvent {
    /// Its case's name, for traces and tests.
    public var name: String { String("\(self)".prefix { $0 != "(" }) }
}
