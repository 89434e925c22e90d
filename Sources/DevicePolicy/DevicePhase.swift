/// Where a device stands. Every case holds just what exists in it.
public enum DevicePhase: Sendable {
    /// No disk and no worker: not started yet, or deleted.
    case absent
    case starting(Starting)
    case live(Live)
    case recovering(Recovering)
    case stopping(Stopping)
    /// An operator stopped it.
    case stopped
    /// Not serving, and why. With a disk its I/O waits; without one there is nothing.
    case failed(Failed)
    /// Gone for good; the shell forgets it.
    case removed
}

public struct Starting: Sendable {
    public enum Step: Sendable, Equatable {
        case waitingForWorker
        case preparing
        case adding
        case settingParameters
        case attaching
        /// START_DEV is on its way to the kernel; the FETCHes wait for it.
        case startSent
        /// Both sides under way.
        case fetching(served: Bool, started: Bool)
        case limitingRequests
        case verifying
    }
    public var step: Step = .waitingForWorker
    public var worker: WorkerRef?
    public var deviceID: UInt32?
    public var probed = false
    public var seenLive = false
    /// A worker was asked for: not before the last one is gone.
    public var askedForWorker = false
    /// Somebody changed his mind while ADD_DEV was under way: what to do once its answer is known.
    public var abandonedFor: Stopping.Purpose?
    /// What there is to say while it does not come to an end.
    public var trouble: Failure?
}

public struct Live: Sendable {
    public var deviceID: UInt32
    public var worker: WorkerRef
    public var since: Instant
    /// The worker answers every request with EIO: given up, by `on_give_up = "fail"`.
    public var failing = false
    /// A new worker is to take its place.
    public var handOver: HandOver?
    /// Its program is new, and it has not served a request yet: should it die, the former program is used again.
    public var isTrial = false
    public var isTrialTold = false
    /// The worker was killed because a queue thread gave no sign of life.
    public var isStalled = false
    public var watch = StallWatch()
    /// Queues whose backend is opened anew.
    public var repairs: [Int: QueueRecovery] = [:]
    /// What its queues told was not heard, by this ublkd or in this phase: the next look finds where they stand.
    public var isUnseen = false

    /// The worker leaves for the new one: its end is no fault.
    public var isReplacing: Bool { handOver.map { $0.step == .quiescing || $0.step == .leaving } ?? false }
}

/// A live device on its way from one worker to the next.
public struct HandOver: Sendable {
    public enum Step: Sendable, Equatable {
        case requested
        /// The new worker makes everything ready but its backend, which the old one has.
        case preparing
        case quiescing
        /// The old worker has no slots any more and leaves.
        case leaving
    }
    public var step = Step.requested
    /// The new worker; nil once it is gone.
    public var worker: WorkerRef?
    /// With the program that is installed now.
    public var isUpgrade: Bool
    /// The old worker has not left in its time.
    public var isLate = false
}

/// The recovery of one queue in place.
public struct QueueRecovery: Sendable {
    public enum Step: Sendable, Equatable {
        case opening
        /// The queue has its backend: it waits until nothing is below any more, and goes on.
        case rebuilding
        /// The next attempt is waited for; requests wait, too.
        case waiting
        /// There is no backend: requests fail until the next attempt finds one.
        case failed
    }
    public var record: RecoveryRecord
    public var step = Step.opening
    /// The queue itself sends nothing below until it is told.
    public var isStopped: Bool
    public var attempts = 0
    public var nextAttempt: Instant?
    public var failure: Failure?

    init(record: RecoveryRecord, isStopped: Bool) {
        self.record = record
        self.isStopped = isStopped
    }
}

public struct Recovering: Sendable {
    public enum NewWorker: Sendable, Equatable {
        case none
        case requested
        /// Ready but for its backend, which the dead one may still have.
        case ready(WorkerRef)
        case preparing(WorkerRef)
        case prepared(WorkerRef)

        public var ref: WorkerRef? {
            switch self {
            case .ready(let ref), .preparing(let ref), .prepared(let ref): ref
            default: nil
            }
        }
    }
    public enum Start: Sendable, Equatable { case notSent, filling, filled, sent, accepted }
    public enum End: Sendable, Equatable { case notSent, sent, submitted, done }

    public var deviceID: UInt32
    public var record: RecoveryRecord
    /// The end of a killed worker is waited for: nothing else begins before.
    public var awaitsDeath = false
    public var askedForSlot = false
    public var hasSlot = false
    /// When the retry timer ends the wait, if this one waits.
    public var nextAttempt: Instant?
    /// START_USER_RECOVERY may have been accepted before in this recovery.
    public var repeated = false
    /// A new worker that was attached died before END: on a classic kernel it may have pinned ublkcN.
    public var mayBePinned = false
    public var worker: NewWorker = .none
    public var start: Start = .notSent
    /// When the filler or START_USER_RECOVERY under way was sent.
    public var sentAt = Instant(nanoseconds: 0)
    public var end: End = .notSent
    /// The new worker is to go, but not while END is with the kernel.
    public var condemned: Failure?
    public var served = false
    public var probed = false
    public var seenLive = false
    /// First EBUSY after the quick tries: since then the dead worker's I/O drains, or somebody holds ublkcN.
    public var drainingSince: Instant?
    /// The log was told how long that takes.
    public var isLateTold = false
    /// Since then the kernel says QUIESCED (or FAIL_IO) while START_USER_RECOVERY says EBUSY.
    public var quiescedSince: Instant?
    /// What there is to say while it does not come to an end.
    public var trouble: RecoveryTrouble?
    public var failing = false
    /// The new worker's program is new: should it fail, the former one is used again.
    public var isTrial = false
}

public struct Stopping: Sendable {
    public enum Purpose: Sendable, Equatable {
        case operatorStop
        case remove
        /// A start that failed takes back what it did.
        case undo(Failure)
        /// The disk was lost with its worker and is made anew.
        case startAgain
    }
    public enum Step: Sendable, Equatable {
        /// Commands and workers of what was under way end first.
        case settling
        case stopping
        case waitingForWorker
        case deleting
    }
    public var deviceID: UInt32
    public var worker: WorkerRef?
    public var purpose: Purpose
    public var step: Step = .settling
    /// The worker does not serve (any more): it is killed before STOP_DEV.
    public var killFirst: Bool
    public var force: Bool
    /// It waits for its last close and nobody is seen to have it open; the kernel knows whether somebody has.
    public var isTry = false
    public var killSent = false
    /// The disk was never finished, or is lost, whatever the purpose is by now.
    public var mustBeRemade = false
    /// What it was, to go back to if the kernel refuses.
    public var live: Live?
    public var failed: Failed?
    /// The kernel does not know the device any more, and its number may be another tool's: no command for it.
    public var isGone = false
    public var deletionSentAt = Instant(nanoseconds: 0)
    /// DEL_DEV was cancelled at its deadline, so that the kernel goes on with it.
    public var isDeletionLate = false
    /// What there is to say while it does not come to an end.
    public var trouble: Failure?
}

public struct Failed: Sendable {
    public var failure: Failure
    /// The disk that still exists, its I/O waiting.
    public var deviceID: UInt32?
    /// Nil: only an operator can bring it back.
    public var nextAttempt: Instant?
    /// An operator is waited for (`on_give_up = "hold"`, `restart_burst = 0`).
    public var held = false
    public var cause: RecoveryCause = .death(.unknown)
    /// When its last worker that served was lost: since then its I/O waits.
    public var lost: Instant?
    /// START_USER_RECOVERY may have been accepted before.
    public var repeated = false
    /// What is left of it cannot be recovered, only deleted and made anew.
    public var mustBeRemade = false
    /// The command that the kernel does not answer: nothing is done with the device before it ends.
    public var wedge: Wedge?
}

/// A control command whose agent was given up.
public struct Wedge: Sendable {
    public var step: ControlStep
    /// It was not killed, as it may serve.
    public var worker: WorkerRef?
    /// What is to happen when the command has ended; nil: the device comes back.
    public var stop: PlannedStop?
}

/// A stop that waits for a command to end.
public struct PlannedStop: Sendable {
    public var purpose: Stopping.Purpose
    public var force: Bool
    /// The kernel does not know the device any more.
    public var isGone = false
}
