public import BlockABI

/// Everything a device's policy can ask of the shell.
public enum DeviceEffect: Sendable, Equatable {
    /// A spare worker, or a new one: answered by `workerGiven` or `workerUnavailable`.
    case takeWorker
    /// The same, from the program that is installed now.
    case takeNewProgram
    /// Everything but the backend: answered by `workerReady`.
    case configureBeside(WorkerID)
    /// It may open its backend: answered by `workerPrepared`.
    case admit(WorkerID)
    /// Workers of this device come from the former program again.
    case rollBackProgram
    /// The new program has served: the former one is not needed any more.
    case programProven
    /// A hand-over came to its end; nil: well.
    case handOverEnded(Failure?)
    /// `failing`: with the target that answers EIO to everything.
    case configure(WorkerID, failing: Bool)
    case attach(WorkerID, device: UInt32, fetchNow: Bool)
    case fetch(WorkerID)
    case probe(WorkerID)
    /// A probe whose answers the next looks tell.
    case probeQueues(WorkerID)
    /// Open the backend anew for this queue: answered by `backendOpened` or `backendNotOpened`. Where there is
    /// nothing to open it is open.
    case openBackend(queue: Int)
    /// The queue goes on with what was opened: answered by `queueRecovered` or `queueNotRecovered`.
    case recoverQueue(WorkerID, queue: Int)
    /// What waits in the queue is answered with this error.
    case giveUpQueue(WorkerID, queue: Int, Errno)
    /// SIGKILL; the death is told by `workerDied`.
    case kill(WorkerID)

    case control(ControlStep)
    /// Ask the kernel to give up the command under way; its answer still comes.
    case cancelControl(ControlStep)
    /// Ask GET_DEV_INFO (which never blocks): answered by `deviceInfo` or `deviceGone`.
    case queryDevice
    /// Who else holds ublkcN: answered by `holders`.
    case findHolders

    case requestSlot
    case releaseSlot
    case arm(DeviceTimer, Instant)
    case disarm(DeviceTimer)

    /// The disk exists under this id: keep it in the state file.
    case deviceAdded(UInt32)
    case deviceDeleted
    /// The device was verified LIVE (again).
    case becameLive(recovery: RecoveryRecord?)
    /// The queue serves with a backend that was opened anew.
    case queueRecovered(Int)
    /// Its backend could not be opened anew.
    case queueNotRecovered(Int, Failure)
    /// The disk has this many bytes from now on.
    case resized(bytes: UInt64)
    /// `stop` was refused: somebody has the disk open.
    case stopRefused
    /// The device is gone and was to be removed.
    case removed
    case log(LogLevel, String)
}

public enum LogLevel: Int, Sendable, Comparable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7
    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// One recovery, for status and trace. Every point is on CLOCK_MONOTONIC.
public struct RecoveryRecord: Sendable, Equatable {
    /// The whole worker, or queues of one that lived on.
    public enum Scope: Sendable { case worker, queue }

    public var cause: RecoveryCause
    public var scope = Scope.worker
    public var detected: Instant
    public var startSent: Instant?
    public var startAccepted: Instant?
    public var endSent: Instant?
    public var attachSent: Instant?
    public var fetched: Instant?
    public var live: Instant?

    public init(cause: RecoveryCause, detected: Instant) {
        self.cause = cause
        self.detected = detected
    }
}
