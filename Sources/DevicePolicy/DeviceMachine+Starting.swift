internal import BlockABI

// From nothing to a verified LIVE disk. START_DEV is with the kernel before the worker fetches: a worker
// that dies in between must never be followed by a START_DEV.
extension DeviceMachine {
    mutating func beginStarting() {
        emit(.disarm(.retry))
        askForWorker(Starting())
    }

    /// A killed worker may still hold the backend's lock: the next one is asked for when it is gone.
    private mutating func askForWorker(_ starting: Starting) {
        var s = starting
        s.trouble = nil
        s.askedForWorker = dying == nil
        phase = .starting(s)
        if s.askedForWorker { emit(.takeWorker) }
        arm(.step, afterMilliseconds: s.askedForWorker ? Self.prepareTime : Self.deathTime)
    }

    mutating func handle(_ event: DeviceEvent, in starting: Starting) {
        var s = starting
        switch event {
        case .workerGiven(let ref):
            guard s.step == .waitingForWorker, s.worker == nil, s.askedForWorker, s.abandonedFor == nil
            else { return emit(.kill(ref.id)) }
            s.worker = ref
            s.step = .preparing
            phase = .starting(s)
            isOutdated = false
            emit(.configure(ref.id, failing: false))
        case .workerUnavailable(let failure) where s.step == .waitingForWorker && s.askedForWorker:
            abandon(s, for: .undo(failure))
        case .workerPrepared(let id, let found) where id == s.worker?.id && s.step == .preparing:
            facts = found
            for warning in found.warnings { log(.warning, warning) }
            s.step = .adding
            phase = .starting(s)
            emit(.disarm(.step))
            control(.addDevice)
        case .workerAttached(let id) where id == s.worker?.id && s.step == .attaching:
            guard let worker = s.worker else { return }
            s.step = .startSent
            phase = .starting(s)
            control(.startDevice(pid: worker.pid))
        case .workerServing(let id) where id == s.worker?.id:
            guard case .fetching(_, let started) = s.step else { return }
            s.step = .fetching(served: true, started: started)
            advance(s)
        case .workerFailed(let id, let failure) where id == s.worker?.id:
            abandon(s, for: .undo(failure))
        case .workerDied(let id, let cause, _) where id == s.worker?.id:
            s.worker = nil
            abandon(
                s, for: .undo(Failure(.backingError, "the worker \(cause.words) while the device started")))
        case .workerDied where awaitsDeath(s) && dying == nil:
            emit(.disarm(.step))
            conclude(s.abandonedFor ?? .remove)
        case .workerDied where s.step == .waitingForWorker && !s.askedForWorker && dying == nil:
            askForWorker(s)
        case .probeAnswered(let id) where id == s.worker?.id && s.step == .verifying:
            s.probed = true
            advance(s)
        case .deviceInfo(let state, _) where s.step == .verifying:
            s.seenLive = state == .live
            advance(s)
        case .deviceGone where s.deviceID != nil:
            abandon(
                s, for: .undo(Failure(.none, "another tool deleted the device while it started")),
                isGone: true)
        case .controlSubmitted(.startDevice): fetch(s)
        case .controlDone(let step, let result, let deviceID): answered(s, step, result, deviceID)
        case .controlLost(let step):
            wedged(
                deviceID: s.deviceID, worker: s.worker, step,
                stop: s.abandonedFor.map { PlannedStop(purpose: $0, force: true) })
        case .timer(.verify) where s.step == .verifying:
            emit(.queryDevice)
            arm(.verify, afterMilliseconds: Self.verifyInterval)
        case .timer(.step) where s.step == .waitingForWorker && !s.askedForWorker || awaitsDeath(s):
            guard let dying else { return }
            s.trouble = unkillable(dying)
            phase = .starting(s)
            log(.error, unkillable(dying).message)
        case .timer(.step):
            abandon(s, for: .undo(Failure(.backingError, "the worker did not \(s.step.words) in time")))
        case .stop(let remove, _, _):
            // What left the configuration is not kept by an operator's stop.
            abandon(s, for: stopPurpose(remove: remove || s.abandonedFor == .remove))
        case .recover where s.abandonedFor == .remove: break
        case .start, .recover:
            guard s.abandonedFor != nil else { return }
            s.abandonedFor = .startAgain
            tally.reset()
            phase = .starting(s)
        default: break
        }
    }

    private mutating func fetch(_ starting: Starting) {
        guard let worker = starting.worker, starting.step == .startSent else { return }
        var s = starting
        s.step = .fetching(served: false, started: false)
        phase = .starting(s)
        emit(.fetch(worker.id))
        arm(.step, afterMilliseconds: settings.controlTimeout)
    }

    private mutating func answered(
        _ starting: Starting, _ step: ControlStep, _ result: Int32, _ deviceID: UInt32?
    ) {
        var s = starting
        switch (step, s.step) {
        case (.addDevice, .adding):
            guard result >= 0, let deviceID else {
                // A device of ours stands there all the same: an agent died before it could answer.
                s.deviceID = deviceID
                let purpose = deviceID == nil ? .undo(Self.addFailure(result)) : Stopping.Purpose.startAgain
                return abandon(s, for: s.abandonedFor ?? purpose)
            }
            s.deviceID = deviceID
            emit(.deviceAdded(deviceID))
            if let purpose = s.abandonedFor { return abandon(s, for: purpose) }
            s.step = .settingParameters
            phase = .starting(s)
            control(.setParameters)
        case (.setParameters, .settingParameters):
            guard result >= 0, let worker = s.worker, let id = s.deviceID else {
                return abandon(s, for: .undo(refused("SET_PARAMS", result)), isGone: Self.isGone(result))
            }
            s.step = .attaching
            phase = .starting(s)
            emit(.attach(worker.id, device: id, fetchNow: false))
            arm(.step, afterMilliseconds: Self.prepareTime)
        case (.startDevice, .startSent):
            // The kernel answered before it was told that the command had arrived: only an error can be so quick.
            abandon(s, for: .undo(refused("START_DEV", result)), isGone: Self.isGone(result))
        case (.startDevice, .fetching(let served, _)):
            guard result >= 0 else {
                return abandon(s, for: .undo(refused("START_DEV", result)), isGone: Self.isGone(result))
            }
            s.step = .fetching(served: served, started: true)
            advance(s)
        case (.limitRequests, .limitingRequests):
            if result < 0 {
                log(
                    .warning,
                    "the request limit was not set (\(Errno(-result))): a death under full load is seen late")
            }
            verify(s)
        default: break
        }
    }

    private mutating func advance(_ starting: Starting) {
        var s = starting
        phase = .starting(s)
        switch s.step {
        case .fetching(served: true, started: true):
            if settings.requestLimit != nil {
                s.step = .limitingRequests
                phase = .starting(s)
                control(.limitRequests)
            } else {
                verify(s)
            }
        case .verifying where s.probed && s.seenLive:
            guard let worker = s.worker, let id = s.deviceID else { return }
            emit(.disarm(.step))
            emit(.disarm(.verify))
            attempted = true
            // What its queues told before was not heard.
            phase = .live(Live(deviceID: id, worker: worker, since: now, isUnseen: true))
            emit(.becameLive(recovery: nil))
            log(.notice, "live")
        default: break
        }
    }

    private mutating func verify(_ starting: Starting) {
        guard let worker = starting.worker else { return }
        var s = starting
        s.step = .verifying
        phase = .starting(s)
        emit(.probe(worker.id))
        emit(.queryDevice)
        arm(.verify, afterMilliseconds: Self.verifyInterval)
        arm(.step, afterMilliseconds: settings.controlTimeout)
    }

    /// Takes back what was done, then does what `purpose` says.
    private mutating func abandon(
        _ starting: Starting, for purpose: Stopping.Purpose, isGone: Bool = false
    ) {
        var s = starting
        emit(.disarm(.step))
        emit(.disarm(.verify))
        if let id = s.deviceID {
            var stopping = Stopping(
                deviceID: id, worker: s.worker, purpose: purpose, killFirst: true, force: true)
            stopping.isGone = isGone
            stopping.mustBeRemade = true
            return beginStopping(stopping)
        }
        if let worker = s.worker {
            dismiss(worker)
            s.worker = nil
        }
        guard pendingControl == nil else {
            // ADD_DEV is under way: whether there is a device is known when it has answered.
            if case .undo = purpose, s.abandonedFor != nil { return }
            s.abandonedFor = purpose
            phase = .starting(s)
            return cancelPendingControl()
        }
        var last = purpose
        if case .undo = purpose, let wish = s.abandonedFor { last = wish }
        guard last == .remove, dying != nil else { return conclude(last) }
        // Whoever is forgotten has nobody left who waits for the end of its worker.
        s.abandonedFor = last
        phase = .starting(s)
        arm(.step, afterMilliseconds: Self.deathTime)
    }

    /// Everything is taken back but a killed worker, whose end is waited for.
    private func awaitsDeath(_ s: Starting) -> Bool {
        s.abandonedFor != nil && s.worker == nil && pendingControl == nil
    }

    /// After everything was taken back.
    mutating func conclude(_ purpose: Stopping.Purpose) {
        switch purpose {
        case .operatorStop:
            attempted = true
            phase = .stopped
            log(.notice, "stopped")
        case .remove:
            phase = .removed
            emit(.removed)
        case .undo(let failure): startFailed(failure)
        case .startAgain: beginStarting()
        }
    }

    mutating func startFailed(_ failure: Failure) {
        attempted = true
        let delay = max(tally.died(at: now, settings), settings.restartDelay)
        let exhausted = tally.isExhausted(settings)
        var failed = Failed(failure: failure)
        // What this kernel cannot do it cannot do later.
        let isFinal = failure.reason == .kernelUnrecoverable
        if isFinal || exhausted && settings.afterGivingUp == .hold || settings.restartBurst == 0 {
            failed.held = true
        } else {
            let wait = withJitter(exhausted ? settings.restartDelayMax : delay)
            failed.nextAttempt = now.adding(milliseconds: wait)
            arm(.retry, afterMilliseconds: wait)
        }
        phase = .failed(failed)
        // A crash loop says the same sentence again and again: the first time is news.
        log(tally.count <= 1 ? .error : .debug, "not started: \(failure.message)")
    }

    private static func isGone(_ result: Int32) -> Bool { Errno(-result) == .noSuchDevice }

    private static func addFailure(_ result: Int32) -> Failure {
        switch Errno(-result) {
        case .exists:
            Failure(.idTaken, "the device number is taken by another device: choose another id, or none")
        case .accessDenied:
            Failure(.none, "the kernel's limit of ublk devices is reached")
        case let errno: Failure(.none, "the kernel refused ADD_DEV: \(errno)")
        }
    }

    func refused(_ command: String, _ result: Int32) -> Failure {
        Failure(.none, "the kernel refused \(command): \(Errno(-result))")
    }
}

extension Starting.Step {
    fileprivate var words: String {
        switch self {
        case .waitingForWorker, .preparing: "prepare its backend"
        case .adding, .settingParameters, .attaching: "attach to the device"
        case .startSent, .fetching, .limitingRequests: "begin to serve"
        case .verifying: "answer the first probe"
        }
    }
}

extension ControlStep {
    /// The answer says that the kernel has no such device. Of two commands it may as well mean that the device has
    /// no disk, because that went with its worker or another tool stopped it.
    func meansGone(_ result: Int32) -> Bool {
        guard Errno(-result) == .noSuchDevice else { return false }
        return switch self {
        case .quiesceDevice, .updateSize: false
        default: true
        }
    }

    /// The kernel's name of the command.
    public var words: String {
        switch self {
        case .addDevice: "ADD_DEV"
        case .setParameters: "SET_PARAMS"
        case .startDevice: "START_DEV"
        case .startUserRecovery: "START_USER_RECOVERY"
        case .endUserRecovery: "END_USER_RECOVERY"
        case .filler: "the filler's FETCHes"
        case .stopDevice: "STOP_DEV"
        case .tryStopDevice: "TRY_STOP_DEV"
        case .deleteDevice: "DEL_DEV"
        case .limitRequests: "the write of nr_requests"
        case .quiesceDevice: "QUIESCE_DEV"
        case .updateSize: "UPDATE_SIZE"
        }
    }
}

extension RecoveryCause {
    /// What an end tells by itself.
    init(_ death: DeathCause) {
        self = death == .exited(WorkerExit.threadEnded) ? .threadEnded : .death(death)
    }

    /// `was killed by signal 9`, after "the worker".
    var words: String {
        switch self {
        case .death(let death): death.words
        case .stall: "was killed: a queue thread gave no sign of life"
        case .threadEnded: "ended because one of its queue threads did"
        case .backend, .operatorAsked, .upgrade: "is gone"
        }
    }
}

extension DeathCause {
    /// `was killed by signal 9`, after "the worker".
    public var words: String {
        switch self {
        case .exited(let code): "exited with status \(code)"
        case .signalled(let signal): "was killed by signal \(signal)"
        case .unknown: "is gone"
        }
    }
}
