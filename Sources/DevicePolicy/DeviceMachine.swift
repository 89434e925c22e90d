public import BlockABI

/// The functional core: what happens to one device, as a function of what is told. It holds no descriptor,
/// reads no clock and knows no errno but those that the kernel answers to commands it asked for.
///
/// Two rules hold in every phase. At most one control command of the device is under way (`pendingControl`);
/// its answer, or that it is lost, always comes. And no worker is made while another may still be alive.
public struct DeviceMachine: Sendable {
    public let name: String
    public var settings: PolicySettings
    public let traits: KernelTraits

    public internal(set) var phase: DevicePhase = .absent
    /// What the last prepared worker found below.
    public internal(set) var facts: BackendFacts?
    public internal(set) var recoveries: UInt64 = 0
    public internal(set) var lastRecovery: RecoveryRecord?
    /// Left the configuration while in use: goes at the last close.
    public internal(set) var removalPending = false
    /// A worker serves, or is about to, with what was configured before: it is replaced as soon as it can be.
    public internal(set) var isOutdated = false
    /// An attempt to start, or an adoption, has come to a result.
    public internal(set) var attempted = false

    var tally = DeathTally()
    var poison = PoisonTally()
    /// Why it was given up, while the worker that answers EIO is there.
    var givenUpFor: Failure?
    /// What the worker whose death comes next was doing.
    private var lastRequests: (worker: WorkerID, requests: Set<RequestKey>)?
    var pendingControl: ControlStep?
    /// Killed, and its end not told yet. It may still hold ublkcN or the backend, so nothing that could meet
    /// it there begins before.
    var dying: WorkerRef?
    var now = Instant(nanoseconds: 0)
    private var effects: [DeviceEffect] = []
    private var randomState: UInt32

    /// Milliseconds a worker may take to prepare its backend: opening a file on a slow disk is no failure.
    static var prepareTime: UInt64 { 20_000 }
    /// Milliseconds after STOP_DEV until a worker that does not leave by itself is killed.
    static var leaveTime: UInt64 { 2_000 }
    /// Milliseconds from SIGKILL until a worker that is still there is called unkillable.
    static var deathTime: UInt64 { 5_000 }
    /// Milliseconds that a recovery of a disk that waits for its last close has, before the kernel is asked whether
    /// somebody uses it.
    static var breakOffTime: UInt64 { 30_000 }
    /// Milliseconds that the last I/O of a dead worker has, or whoever holds its control node, before the log tells.
    static var drainTime: UInt64 { 30_000 }
    /// Milliseconds between two looks at GET_DEV_INFO.
    static var verifyInterval: UInt64 { 20 }

    /// `seed` feeds the jitter of delays.
    public init(name: String, settings: PolicySettings, traits: KernelTraits, seed: UInt32) {
        self.name = name
        self.settings = settings
        self.traits = traits
        randomState = seed | 1
    }

    /// Takes one event; returns what is to be done, in order.
    public mutating func handle(_ event: DeviceEvent, at now: Instant) -> [DeviceEffect] {
        self.now = now
        effects = []
        if case .start = event { removalPending = false }
        if case .replaceWorker = event { isOutdated = true }
        if case .workerDied(let id, _, _) = event, id == dying?.id { dying = nil }
        if case .diedWith(let id, let requests) = event {
            lastRequests = (id, requests)
            return effects
        }
        let counts = accountForControl(event)
        if counts { noteSize(event) }
        if counts && !refusesToStop(event) {
            switch phase {
            case .absent, .stopped: handleAtRest(event)
            case .starting(let starting): handle(event, in: starting)
            case .live(let live): handle(event, in: live)
            case .recovering(let recovering): handle(event, in: recovering)
            case .stopping(let stopping): handle(event, in: stopping)
            case .failed(let failed): handle(event, in: failed)
            case .removed:
                if case .workerGiven(let ref) = event { emit(.kill(ref.id)) }
            }
        }
        replaceOutdated()
        return effects
    }

    /// Keeps the one command under way. False: an answer to nothing, which is dropped.
    private mutating func accountForControl(_ event: DeviceEvent) -> Bool {
        switch event {
        case .controlSubmitted(let step), .controlLate(let step):
            return step == pendingControl
        case .controlDone(let step, _, _), .controlLost(let step):
            guard step == pendingControl else { return false }
            pendingControl = nil
            return true
        default:
            return true
        }
    }

    /// The kernel's answer counts wherever the device stands by now.
    private mutating func noteSize(_ event: DeviceEvent) {
        guard case .controlDone(.updateSize(let bytes), let result, _) = event, result >= 0 else { return }
        facts?.size = bytes
        emit(.resized(bytes: bytes))
    }

    /// A disk that is in use is not taken away, whatever state it is in: its users' I/O would fail.
    private mutating func refusesToStop(_ event: DeviceEvent) -> Bool {
        guard case .stop(let remove, force: false, isOpen: true) = event, hasDisk else { return false }
        if remove {
            removalPending = true
            log(.notice, "no longer configured, but in use: it is removed at its last close")
        } else {
            emit(.stopRefused)
        }
        return true
    }

    /// There is a disk whose users would notice.
    private var hasDisk: Bool {
        switch phase {
        case .live, .recovering: true
        case .failed(let failed): failed.deviceID != nil && failed.wedge?.stop == nil
        default: false
        }
    }

    // MARK: - What every phase uses

    mutating func emit(_ effect: DeviceEffect) { effects.append(effect) }

    mutating func log(_ level: LogLevel, _ text: String) { emit(.log(level, text)) }

    mutating func control(_ step: ControlStep) {
        assert(pendingControl == nil, "two control commands for one device")
        pendingControl = step
        emit(.control(step))
    }

    mutating func cancelPendingControl() {
        if let step = pendingControl { emit(.cancelControl(step)) }
    }

    mutating func arm(_ timer: DeviceTimer, afterMilliseconds milliseconds: UInt64) {
        emit(.arm(timer, now.adding(milliseconds: milliseconds)))
    }

    /// Kills a worker that may hold ublkcN or the backend. What follows waits for its end.
    mutating func dismiss(_ worker: WorkerRef) {
        dying = worker
        emit(.kill(worker.id))
    }

    /// The request that killed this worker and two before it, if there is one.
    mutating func poisonFound(_ worker: WorkerID, _ cause: RecoveryCause) -> Failure? {
        guard let last = lastRequests, last.worker == worker, cause != .death(.signalled(9)) else {
            return nil
        }
        lastRequests = nil
        guard let request = poison.died(with: last.requests) else { return nil }
        return Failure(
            .poison,
            "the same request, \(request), was with the last \(PoisonTally.limit) workers when they died (the last one \(cause.words))"
        )
    }

    /// An operator wants it back: what happened before does not count.
    mutating func forgive() {
        tally.reset()
        poison.reset()
    }

    func unkillable(_ worker: WorkerRef) -> Failure {
        Failure(
            .unkillable,
            "worker \(worker.pid) does not die: it waits in the kernel, most often for its backend; "
                + "the device goes on when it is gone")
    }

    /// What a stop is for: a device that left the configuration does not stay.
    func stopPurpose(remove: Bool) -> Stopping.Purpose { remove || removalPending ? .remove : .operatorStop }

    mutating func withJitter(_ milliseconds: UInt64) -> UInt64 {
        randomState ^= randomState << 13
        randomState ^= randomState >> 17
        randomState ^= randomState << 5
        return jittered(milliseconds, random: randomState)
    }

    /// Why its recovery was given up, until an operator asks for it: it is held, or answers with EIO.
    public var givenUp: Failure? {
        switch phase {
        case .live(let live) where live.failing: givenUpFor
        case .recovering(let recovering) where recovering.failing: givenUpFor
        case .failed(let failed) where failed.held && failed.deviceID != nil && !failed.mustBeRemade:
            failed.wedge == nil ? failed.failure : nil
        default: nil
        }
    }

    // MARK: - Rest

    private mutating func handleAtRest(_ event: DeviceEvent) {
        switch event {
        case .start, .recover: beginStarting()
        case .adopt(let adoption): adopt(adoption)
        case .stop(let remove, _, _):
            attempted = true
            if remove {
                phase = .removed
                emit(.removed)
            } else {
                phase = .stopped
            }
        case .workerGiven(let ref): emit(.kill(ref.id))
        default: break
        }
    }

    private mutating func adopt(_ found: Adoption) {
        facts = found.facts
        recoveries = found.recoveries
        emit(.deviceAdded(found.deviceID))
        switch (found.state, found.worker) {
        case (.live, let worker?):
            attempted = true
            var live = Live(deviceID: found.deviceID, worker: worker, since: now)
            live.isUnseen = true
            if let failure = found.givenUp {
                live.failing = true
                givenUpFor = failure
            }
            if found.isReplacing {
                log(.warning, "an earlier ublkd was replacing worker \(worker.pid)")
                live.handOver = HandOver(step: .leaving, isUpgrade: false)
                phase = .live(live)
                emit(.becameLive(recovery: nil))
                return leave(live, isTold: false)
            }
            phase = .live(live)
            emit(.becameLive(recovery: nil))
            log(.notice, "adopted: worker \(worker.pid) goes on serving")
        case (_, let worker) where !settings.survivesWorker:
            log(.notice, "the disk was lost with its worker; it is made anew")
            remake(found.deviceID, worker)
        case (.dead, let worker), (nil, let worker):
            // Added and never started, or stopped halfway: such a device cannot be started reliably.
            log(.notice, "an earlier ublkd left this device unfinished; it is made anew")
            remake(found.deviceID, worker)
        case (let state?, let worker):
            log(.warning, "adopted with \(worker == nil ? "its worker dead" : "a recovery unfinished")")
            if let worker { dismiss(worker) }
            if let failure = found.givenUp {
                return keepGivenUp(failure, found.deviceID, repeated: state != .live)
            }
            if settings.restartBurst == 0 {
                return leaveToOperator(found.deviceID, .death(.unknown), repeated: state != .live)
            }
            // LIVE means that no START_USER_RECOVERY was accepted since the last END; otherwise nobody knows.
            beginRecovery(
                deviceID: found.deviceID, cause: .death(.unknown), delay: 0, repeated: state != .live)
        }
    }

    /// An earlier ublkd gave it up, and nobody has asked for it since.
    private mutating func keepGivenUp(_ failure: Failure, _ deviceID: UInt32, repeated: Bool) {
        if settings.afterGivingUp == .fail, failure.reason != .kernelUnrecoverable {
            givenUpFor = failure
            return beginRecovery(
                deviceID: deviceID, cause: .death(.unknown), delay: 0, repeated: repeated, failing: true)
        }
        attempted = true
        log(.warning, "held, as an earlier ublkd left it: \(failure.message)")
        phase = .failed(
            Failed(
                failure: failure, deviceID: deviceID, held: true, cause: .death(.unknown), lost: now,
                repeated: repeated))
    }

    /// Deletes the device, and makes it again if it is to stay.
    mutating func remake(_ deviceID: UInt32, _ worker: WorkerRef?) {
        var stopping = Stopping(
            deviceID: deviceID, worker: worker, purpose: removalPending ? .remove : .startAgain,
            killFirst: true, force: true)
        stopping.mustBeRemade = true
        beginStopping(stopping)
    }
}
