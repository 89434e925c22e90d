internal import BlockABI

// The worker scope of recovery: a spare worker prepares the backend while START_USER_RECOVERY is repeated
// until the kernel has let go of the dead one; END_USER_RECOVERY is sent before the new worker fetches.
extension DeviceMachine {
    /// `delay`: milliseconds before the first attempt.
    mutating func beginRecovery(
        deviceID: UInt32, cause: RecoveryCause, oldWorker: WorkerRef?, delay: UInt64, repeated: Bool,
        failing: Bool = false
    ) {
        var r = Recovering(
            deviceID: deviceID, record: RecoveryRecord(cause: cause, detected: now), oldWorker: oldWorker)
        r.repeated = repeated
        r.failing = failing
        if delay > 0 {
            r.waiting = true
            arm(.retry, afterMilliseconds: withJitter(delay))
        }
        advance(r)
    }

    mutating func handle(_ event: DeviceEvent, in recovering: Recovering) {
        var r = recovering
        switch event {
        case .slotGranted:
            r.hasSlot = true
            advance(r)
        case .workerGiven(let ref):
            guard r.worker == .requested else { return emit(.kill(ref.id)) }
            r.worker = .preparing(ref)
            emit(.configure(ref.id, failing: r.failing))
            arm(.step, afterMilliseconds: Self.prepareTime)
            advance(r)
        case .workerUnavailable(let failure): lostNewWorker(r, failure)
        case .workerPrepared(let id, let found):
            guard case .preparing(let ref) = r.worker, ref.id == id else { return }
            emit(.disarm(.step))
            if let known = facts, found.size < known.size, !r.failing {
                emit(.kill(id))
                return lostNewWorker(
                    r,
                    Failure(
                        .backingChanged, "the backend has shrunk from \(known.size) to \(found.size) bytes"))
            }
            r.worker = .prepared(ref)
            advance(r)
        case .workerServing(let id) where id == r.worker.ref?.id:
            r.served = true
            r.record.fetched = now
            advance(r)
        case .workerFailed(let id, let failure) where id == r.worker.ref?.id:
            emit(.kill(id))
            lostNewWorker(r, failure)
        case .workerDied(let id, let cause, _):
            if id == r.oldWorker?.id {
                r.oldWorker = nil
                advance(r)
            } else if id == r.worker.ref?.id {
                lostNewWorker(r, Failure(.crashLoop, "the new worker \(cause.words) during the recovery"))
            }
        case .probeAnswered(let id) where id == r.worker.ref?.id:
            r.probed = true
            advance(r)
        case .deviceInfo(let state, _):
            r.seenLive = state == .live
            judgeDraining(&r, state)
            advance(r)
        case .deviceGone: vanished(r)
        case .holders(let holders):
            if !holders.isEmpty {
                r.trouble = Failure(
                    .recoveryBlocked,
                    "\(holders.joined(separator: ", ")) holds the device's control node: end that process")
            }
            advance(r)
        case .controlSubmitted(.endUserRecovery):
            guard r.end == .sent, let worker = r.worker.ref else { return }
            r.end = .submitted
            r.record.attachSent = now
            phase = .recovering(r)
            emit(.attach(worker.id, device: r.deviceID, fetchNow: true))
            arm(.step, afterMilliseconds: settings.controlTimeout)
        case .controlDone(let step, let result, _): answered(r, step, result)
        case .controlLost(let step):
            emit(.releaseSlot)
            if let worker = r.worker.ref { emit(.kill(worker.id)) }
            wedged(deviceID: r.deviceID, worker: nil, step)
        case .timer(.retry):
            r.waiting = false
            advance(r)
        case .timer(.verify):
            emit(.queryDevice)
            arm(.verify, afterMilliseconds: Self.verifyInterval)
        case .timer(.step):
            if let worker = r.worker.ref { emit(.kill(worker.id)) }
        case .recover, .start:
            r.waiting = false
            emit(.disarm(.retry))
            tally.reset()
            advance(r)
        case .stop(let remove, _, _):
            emit(.releaseSlot)
            emit(.disarm(.retry))
            emit(.disarm(.step))
            emit(.disarm(.verify))
            beginStopping(
                Stopping(
                    deviceID: r.deviceID, worker: r.oldWorker ?? r.worker.ref,
                    purpose: remove ? .remove : .operatorStop, killFirst: true, force: true))
        default: break
        }
    }

    /// Does whatever can be done now. Everything here is guarded by what was done before, so it may be
    /// called after any event.
    private mutating func advance(_ recovering: Recovering) {
        var r = recovering
        defer { if case .recovering = phase { phase = .recovering(r) } }
        phase = .recovering(r)
        guard r.oldWorker == nil, !r.waiting else { return }
        guard r.hasSlot else {
            if !r.askedForSlot {
                r.askedForSlot = true
                emit(.requestSlot)
            }
            return
        }
        if r.worker == .none {
            r.worker = .requested
            emit(.takeWorker)
        }
        if r.served && r.end == .done { return conclude(&r) }
        guard pendingControl == nil else { return }
        switch r.start {
        case .notSent where r.repeated && traits.needsFillerBeforeRepeatedStart:
            r.start = .filling
            control(.filler)
        case .notSent, .filled:
            r.start = .sent
            if r.record.startSent == nil { r.record.startSent = now }
            control(.startUserRecovery(lazily: r.drainingSince != nil))
        case .accepted:
            guard case .prepared(let worker) = r.worker, r.end == .notSent else { return }
            r.end = .sent
            r.record.endSent = now
            control(.endUserRecovery(pid: worker.pid))
        case .filling, .sent: break
        }
    }

    private mutating func answered(_ recovering: Recovering, _ step: ControlStep, _ result: Int32) {
        var r = recovering
        switch step {
        case .filler:
            r.start = .filled
            advance(r)
        case .startUserRecovery: startAnswered(&r, result)
        case .endUserRecovery:
            if r.end == .notSent {
                // Its worker died meanwhile. An END that was accepted all the same began a new service, so
                // the next START is the first one.
                if result >= 0 { r.repeated = false }
                return advance(r)
            }
            guard result >= 0 else {
                if let worker = r.worker.ref { emit(.kill(worker.id)) }
                return lostNewWorker(r, refused("END_USER_RECOVERY", result))
            }
            r.end = .done
            advance(r)
        default: advance(r)
        }
    }

    private mutating func startAnswered(_ r: inout Recovering, _ result: Int32) {
        switch Errno(-result) {
        case _ where result >= 0:
            r.start = .accepted
        case .invalidArgument where r.repeated && traits.family == .classic:
            // Armed already by an earlier START of this recovery.
            r.start = .accepted
        case .busy, .interrupted:
            r.start = .notSent
            if r.drainingSince == nil { r.drainingSince = now }
            r.trouble = Failure(
                .none, "the last I/O of the dead worker is not over yet; the device is recovered when it is")
            emit(.findHolders)
            emit(.queryDevice)
        case .noSuchDevice: return vanished(r)
        case let errno:
            let failure = Failure(
                .kernelUnrecoverable,
                "the kernel refuses START_USER_RECOVERY (\(errno)): stop and start the device")
            return giveUp(r, failure)
        }
        r.record.startAccepted = r.start == .accepted ? now : nil
        if r.start == .accepted {
            r.drainingSince = nil
            r.trouble = nil
        }
        advance(r)
    }

    /// On a classic kernel a dead worker is LIVE for `io_timeout` at most; later it is lost.
    private mutating func judgeDraining(_ r: inout Recovering, _ state: KernelState?) {
        guard let since = r.drainingSince, state == .live, traits.endForDeadWorkerIsFatal,
            now.milliseconds(since: since) > 45_000
        else { return }
        r.trouble = Failure(
            .kernelUnrecoverable,
            "the kernel believes this device to be served though its worker is dead: stop and start it")
    }

    /// Served and END accepted: LIVE is believed when GET_DEV_INFO says so and every queue answers.
    private mutating func conclude(_ r: inout Recovering) {
        guard let worker = r.worker.ref else { return }
        guard r.seenLive && r.probed else {
            if r.record.live == nil {
                r.record.live = now
                emit(.probe(worker.id))
                emit(.queryDevice)
                arm(.verify, afterMilliseconds: Self.verifyInterval)
            }
            return
        }
        emit(.disarm(.step))
        emit(.disarm(.verify))
        emit(.disarm(.retry))
        emit(.releaseSlot)
        attempted = true
        recoveries += 1
        r.record.live = now
        lastRecovery = r.record
        phase = .live(Live(deviceID: r.deviceID, worker: worker, since: now, failing: r.failing))
        emit(.becameLive(recovery: r.record))
        let took = now.milliseconds(since: r.record.detected)
        log(.notice, "recovered in \(took) ms by worker \(worker.pid)")
        if removalPending { log(.notice, "the device waits for its last close to be removed") }
    }

    /// The new worker is gone, or could not do it. What it may have touched is done again.
    private mutating func lostNewWorker(_ recovering: Recovering, _ failure: Failure) {
        var r = recovering
        attempted = true
        emit(.disarm(.step))
        emit(.disarm(.verify))
        // A worker that could not lock the backend while the dead one's I/O drains has done nothing wrong.
        let blameless = r.start != .accepted && r.drainingSince != nil
        if r.end != .notSent {
            r.repeated = r.end != .done
            r.start = .notSent
            r.end = .notSent
            if case .endUserRecovery? = pendingControl { cancelPendingControl() }
        }
        r.worker = .none
        r.served = false
        r.probed = false
        r.seenLive = false
        r.record.live = nil
        if blameless {
            r.waiting = true
            phase = .recovering(r)
            return arm(.retry, afterMilliseconds: 1_000)
        }
        r.trouble = failure
        let delay = max(
            tally.died(at: now, settings), failure.reason == .crashLoop ? 0 : settings.restartDelay)
        log(tally.count <= 1 ? .error : .debug, "recovery failed: \(failure.message)")
        if tally.isExhausted(settings) { return giveUp(r, failure) }
        if delay > 0 {
            r.waiting = true
            arm(.retry, afterMilliseconds: withJitter(delay))
        }
        advance(r)
    }

    private mutating func giveUp(_ r: Recovering, _ failure: Failure) {
        emit(.releaseSlot)
        if let worker = r.worker.ref { emit(.kill(worker.id)) }
        giveUp(
            deviceID: r.deviceID, failure, cause: r.record.cause, repeated: r.repeated, wasFailing: r.failing)
    }

    private mutating func vanished(_ r: Recovering) {
        emit(.releaseSlot)
        for timer in DeviceTimer.allCases { emit(.disarm(timer)) }
        if let worker = r.worker.ref { emit(.kill(worker.id)) }
        emit(.deviceDeleted)
        startFailed(Failure(.none, "another tool deleted the device"))
    }

    /// More deaths without service than the settings bear: `on_give_up`.
    mutating func giveUp(
        deviceID: UInt32, _ failure: Failure, cause: RecoveryCause, repeated: Bool, wasFailing: Bool
    ) {
        attempted = true
        var failed = Failed(failure: failure, deviceID: deviceID, cause: cause, repeated: repeated)
        switch settings.afterGivingUp {
        case .fail where !wasFailing && failure.reason != .kernelUnrecoverable:
            log(
                .error,
                "given up: every request is answered with EIO from now on; `ublkctl recover` tries again")
            return beginRecovery(
                deviceID: deviceID, cause: cause, oldWorker: nil, delay: 0, repeated: repeated, failing: true)
        case .hold: failed.held = true
        case .retry, .fail:
            let wait = withJitter(settings.restartDelayMax)
            failed.nextAttempt = now.adding(milliseconds: wait)
            arm(.retry, afterMilliseconds: wait)
        }
        log(
            .error,
            failed.held
                ? "held: \(failure.message); its I/O waits for `ublkctl recover`"
                : "failed: \(failure.message); its I/O waits, the next attempt is in \(settings.restartDelayMax) ms"
        )
        phase = .failed(failed)
    }
}
