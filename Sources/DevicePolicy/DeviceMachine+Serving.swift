internal import BlockABI

// Live devices, and those that are not for now.
extension DeviceMachine {
    mutating func handle(_ event: DeviceEvent, in live: Live) {
        switch event {
        case .upgrade, .workerGiven, .workerUnavailable, .workerReady:
            handleHandOver(event, live)
        case .workerDied(let id, _, _) where id == live.handOver?.worker?.id: handleHandOver(event, live)
        case .workerFailed(let id, _) where id == live.handOver?.worker?.id: handleHandOver(event, live)
        case .workerDied(let id, _, _) where id == live.worker.id && live.isReplacing:
            emit(.disarm(.step))
            lostWorker(live, .upgrade, delay: 0)
        case .workerDied(let id, let cause, let served) where id == live.worker.id:
            workerDied(live, live.isStalled ? .stall : RecoveryCause(cause), served: served)
        case .workerFailed(let id, let failure) where id == live.worker.id:
            log(.error, failure.message)
            phase = .live(withoutHandOver(live, failure))
            dismiss(live.worker)
            arm(.step, afterMilliseconds: Self.deathTime)
        case .timer(.step):
            // It was killed and is still there: its users' I/O waits until it is gone.
            guard dying != nil else { return handOverIsLate(live) }
            if live.isReplacing { return lostWorker(live, .upgrade, delay: 0) }
            lost(live, live.isStalled ? .stall : .death(.unknown), served: false)
        case .looked, .recoverQueues, .queueNeedsBackend, .backendOpened, .backendNotOpened, .queueRecovered,
            .queueNotRecovered, .timer(.repair):
            handleQueues(event, live)
        case .recover:
            log(.notice, "an operator asked for recovery: worker \(live.worker.pid) is replaced")
            let live = withoutHandOver(live, Failure(.operatorAsked, "an operator asked for recovery"))
            forgive()
            dismiss(live.worker)
            lostWorker(live, .operatorAsked, delay: 0)
        case .grow(let bytes):
            guard pendingControl == nil, dying == nil, live.handOver == nil, bytes > facts?.size ?? 0
            else { return }
            control(.updateSize(bytes: bytes))
        case .controlDone(let step, let result, _): answered(live, step, result)
        case .controlLost(let step):
            let live = withoutHandOver(live, Failure(.controlWedged, "the kernel does not answer"))
            wedged(deviceID: live.deviceID, worker: live.worker, step)
        case .stop(let remove, let force, _): stop(live, remove: remove, force: force)
        case .closed where removalPending && live.handOver == nil:
            stop(live, remove: true, force: false, isTry: true)
        case .deviceGone: vanished(live)
        default: break
        }
    }

    private mutating func answered(_ live: Live, _ step: ControlStep, _ result: Int32) {
        // There is no disk now, or not even the device.
        if Errno(-result) == .noSuchDevice { emit(.queryDevice) }
        switch step {
        case .quiesceDevice: handleHandOver(.controlDone(step, result: result, deviceID: nil), live)
        case .updateSize where result < 0:
            log(
                .warning,
                "the disk stays as large as it is: the kernel refused UPDATE_SIZE (\(Errno(-result)))")
        default: break
        }
    }

    private mutating func vanished(_ live: Live) {
        let live = withoutHandOver(live, nil)
        let failure = Failure(.none, "another tool deleted the device")
        beginStopping(
            Stopping(
                deviceID: live.deviceID, worker: live.worker,
                purpose: removalPending ? .remove : .undo(failure), killFirst: true, force: true,
                killSent: dying != nil, isGone: true))
    }

    private mutating func stop(_ live: Live, remove: Bool, force: Bool, isTry: Bool = false) {
        removalPending = removalPending || remove
        let wasReplacing = live.isReplacing
        // Should the stop be refused, what a reload wanted is still to be done.
        if live.handOver?.isUpgrade == false { isOutdated = true }
        let live = withoutHandOver(live, Failure(.operatorAsked, "it is stopped"))
        beginStopping(
            Stopping(
                deviceID: live.deviceID, worker: live.worker, purpose: stopPurpose(remove: remove),
                killFirst: dying != nil || wasReplacing, force: force, isTry: isTry, killSent: dying != nil,
                live: live)
        )
    }

    private mutating func workerDied(_ live: Live, _ cause: RecoveryCause, served: Bool) {
        log(.warning, "worker \(live.worker.pid) \(cause.words)")
        lost(live, cause, served: served)
    }

    /// The worker is dead, or killed and as good as dead, and nobody wanted that.
    private mutating func lost(_ live: Live, _ cause: RecoveryCause, served: Bool) {
        let lived = now.milliseconds(since: live.since)
        let hasServed = served || lived >= DeathTally.serviceTime
        let words = cause.words
        // A request that kills does it soon, or by a stall: what this one was given back it has survived.
        if lived > DeathTally.serviceTime + settings.stallTimeout { poison.reset() }
        let live = withoutHandOver(live, Failure(.none, "its worker died before the new one was ready"))
        if live.isTrial && !served { return rollBack(live, cause, words) }
        emit(.disarm(.step))
        guard settings.survivesWorker else { return lostDisk(live, words, hasServed: hasServed) }
        var delay: UInt64 = 0
        if let poison = poisonFound(live.worker.id, cause) {
            return giveUp(
                deviceID: live.deviceID, poison, cause: cause, lost: now, repeated: false,
                wasFailing: live.failing)
        }
        if hasServed { tally.reset() } else { delay = tally.died(at: now, settings) }
        let failure = Failure(.crashLoop, "its workers die before they have served (the last one \(words))")
        if settings.restartBurst == 0 {
            leaveToOperator(live.deviceID, cause, repeated: false)
        } else if tally.isExhausted(settings) {
            giveUp(
                deviceID: live.deviceID, failure, cause: cause, lost: now, repeated: false,
                wasFailing: live.failing)
        } else {
            lostWorker(live, cause, delay: delay, failing: live.failing)
        }
    }

    /// The disk went with its worker and is made anew: at once, unless its workers die before they have served.
    private mutating func lostDisk(_ live: Live, _ words: String, hasServed: Bool) {
        var purpose = Stopping.Purpose.startAgain
        if removalPending {
            purpose = .remove
        } else if settings.restartBurst == 0 {
            purpose = .undo(
                Failure(.operatorAsked, "restart_burst = 0: recovery is left to `ublkctl recover`"))
        } else if !hasServed {
            purpose = .undo(
                Failure(.crashLoop, "its workers die before they have served (the last one \(words))"))
        } else {
            tally.reset()
        }
        beginStopping(
            Stopping(deviceID: live.deviceID, worker: nil, purpose: purpose, killFirst: true, force: true))
    }

    mutating func leaveToOperator(_ deviceID: UInt32, _ cause: RecoveryCause, repeated: Bool) {
        attempted = true
        let failure = Failure(.operatorAsked, "restart_burst = 0: recovery is left to `ublkctl recover`")
        log(.warning, failure.message)
        phase = .failed(
            Failed(
                failure: failure, deviceID: deviceID, held: true, cause: cause, lost: now, repeated: repeated)
        )
    }

    /// The worker is dead, or killed and dying (then its end is waited for).
    mutating func lostWorker(
        _ live: Live, _ cause: RecoveryCause, delay: UInt64, failing: Bool = false
    ) {
        if settings.survivesWorker {
            beginRecovery(
                deviceID: live.deviceID, cause: cause, delay: delay, repeated: false, failing: failing,
                handOver: live.isReplacing ? live.handOver : nil)
        } else {
            beginStopping(
                Stopping(
                    deviceID: live.deviceID, worker: nil, purpose: removalPending ? .remove : .startAgain,
                    killFirst: true, force: true))
        }
    }

    mutating func handle(_ event: DeviceEvent, in failed: Failed) {
        switch event {
        case .start, .recover:
            forgive()
            retry(failed, former: nil)
        case .timer(.retry) where !failed.held:
            retry(failed, former: failed.failure)
        case .stop(let remove, let force, _): stop(failed, remove: remove, force: force)
        case .closed where removalPending && failed.deviceID != nil:
            guard failed.wedge == nil else { return }
            stop(failed, remove: true, force: false, isTry: true)
        case .controlDone(let step, let result, _) where step.meansGone(result): vanished(failed)
        case .controlDone(let step, let result, _): noteAnswer(failed, step, result)
        case .controlLost(let step): wedged(deviceID: failed.deviceID, worker: nil, step)
        case .controlReturned(let step, let id): returned(failed, step, deviceID: id)
        case .workerDied(let id, _, _) where id == failed.wedge?.worker?.id:
            var failed = failed
            failed.wedge?.worker = nil
            phase = .failed(failed)
        case .deviceGone where failed.deviceID != nil: vanished(failed)
        case .workerGiven(let ref): emit(.kill(ref.id))
        default: break
        }
    }

    private mutating func stop(_ failed: Failed, remove: Bool, force: Bool, isTry: Bool = false) {
        if let wedge = failed.wedge { return stop(failed, wedge, remove: remove, force: force) }
        guard let id = failed.deviceID else {
            emit(.disarm(.retry))
            return conclude(stopPurpose(remove: remove))
        }
        removalPending = removalPending || remove
        let isLost = failed.mustBeRemade || !settings.survivesWorker
        var former = failed
        // What is under way ends before the stop, and may yet be accepted.
        former.repeated = true
        beginStopping(
            Stopping(
                deviceID: id, worker: nil, purpose: stopPurpose(remove: remove), killFirst: true,
                force: force || isLost, isTry: isTry, mustBeRemade: failed.mustBeRemade,
                failed: isLost ? nil : former))
    }

    /// The recovery that was given up had a command under way: what it did counts for the next one.
    private mutating func noteAnswer(_ failed: Failed, _ step: ControlStep, _ result: Int32) {
        var f = failed
        let mayBeDone = result >= 0 || [.interrupted, .canceled].contains(Errno(-result))
        switch step {
        case .startUserRecovery where mayBeDone: f.repeated = true
        case .endUserRecovery where result >= 0: f.repeated = false
        default: return
        }
        phase = .failed(f)
    }

    /// Its number may be another tool's from now on.
    private mutating func vanished(_ failed: Failed) {
        var f = failed
        f.deviceID = nil
        f.repeated = false
        if let wedge = f.wedge {
            if let worker = wedge.worker { dismiss(worker) }
            f.wedge = nil
            f.failure = Failure(.none, "another tool deleted the device: `ublkctl start` makes it anew")
        }
        phase = .failed(f)
        emit(.deviceDeleted)
        log(.warning, "another tool deleted the device")
        guard removalPending else { return }
        emit(.disarm(.retry))
        conclude(.remove)
    }

    private mutating func retry(_ failed: Failed, former: Failure?) {
        guard failed.wedge == nil else {
            var failed = failed
            failed.wedge?.stop?.purpose = .startAgain
            phase = .failed(failed)
            return log(.error, "not recovered yet: \(failed.failure.message)")
        }
        guard let id = failed.deviceID else { return beginStarting() }
        guard !failed.mustBeRemade else { return remake(id, nil) }
        emit(.disarm(.retry))
        beginRecovery(
            deviceID: id, cause: failed.cause, delay: 0, repeated: failed.repeated, lost: failed.lost,
            former: former)
    }
}
