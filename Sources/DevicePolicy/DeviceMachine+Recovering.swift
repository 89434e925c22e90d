internal import BlockABI

// The worker scope of recovery: a spare worker prepares the backend while START_USER_RECOVERY is repeated
// until the kernel has let go of the dead one; END_USER_RECOVERY is sent before the new worker fetches.
extension DeviceMachine {
    /// `delay`: milliseconds before the first attempt. `lost`: when its last worker that served was; nil: now.
    /// `former`: what the attempts so far failed for, told until there is something newer to say.
    mutating func beginRecovery(
        deviceID: UInt32, cause: RecoveryCause, delay: UInt64, repeated: Bool, failing: Bool = false,
        handOver: HandOver? = nil, lost: Instant? = nil, former: Failure? = nil
    ) {
        var r = Recovering(deviceID: deviceID, record: RecoveryRecord(cause: cause, detected: lost ?? now))
        r.trouble = former.map { .failed($0) }
        r.repeated = repeated
        r.failing = failing
        if let handOver {
            r.isTrial = handOver.isUpgrade
            if let worker = handOver.worker { r.worker = .ready(worker) } else { rollBackTrial(&r, nil) }
        }
        if delay > 0 { pause(&r, milliseconds: withJitter(delay)) }
        awaitDeath(&r)
        advance(r)
    }

    mutating func handle(_ event: DeviceEvent, in recovering: Recovering) {
        var r = recovering
        switch event {
        case .slotGranted where r.askedForSlot:
            r.hasSlot = true
            advance(r)
        case .workerGiven(let ref):
            guard r.worker == .requested else { return emit(.kill(ref.id)) }
            r.worker = .preparing(ref)
            isOutdated = false
            emit(.configure(ref.id, failing: r.failing))
            arm(.step, afterMilliseconds: Self.prepareTime)
            advance(r)
        case .workerUnavailable(let failure) where r.worker == .requested: lostNewWorker(r, failure)
        case .workerPrepared(let id, let found): prepared(r, id, found)
        case .workerServing(let id) where id == r.worker.ref?.id && (r.end == .submitted || r.end == .done):
            guard !r.served else { return }
            r.served = true
            r.record.fetched = now
            // Answered while END_USER_RECOVERY comes to its end: applications wait for both.
            if r.condemned == nil { emit(.probe(id)) }
            advance(r)
        case .workerFailed(let id, let failure) where id == r.worker.ref?.id: condemn(r, failure)
        case .workerDied(let id, let cause, _): died(r, id, cause)
        case .probeAnswered(let id) where id == r.worker.ref?.id && r.served:
            r.probed = true
            advance(r)
        case .deviceInfo(let state, _): seen(r, state)
        case .deviceGone: vanished(r)
        case .holders(let holders): held(&r, by: holders)
        case .controlSubmitted(.endUserRecovery):
            guard r.end == .sent, r.condemned == nil, let worker = r.worker.ref else { return }
            r.end = .submitted
            r.record.attachSent = now
            phase = .recovering(r)
            emit(.attach(worker.id, device: r.deviceID, fetchNow: true))
            arm(.step, afterMilliseconds: settings.controlTimeout)
        case .controlDone(let step, let result, _): answered(r, step, result)
        case .controlLost(let step):
            emit(.releaseSlot)
            wedged(deviceID: r.deviceID, worker: holder(r), step)
        case .timer(.retry):
            r.nextAttempt = nil
            advance(r)
        case .timer(.verify):
            guard r.record.live != nil || r.drainingSince != nil else { return }
            emit(.queryDevice)
            lookAgain(r)
            tellIfLate(r)
        case .timer(.step): late(&r)
        case .recover, .start:
            r.nextAttempt = nil
            if r.worker.ref == nil { r.failing = false }
            emit(.disarm(.retry))
            forgive()
            advance(r)
        case .stop(let remove, let force, _): stop(r, remove: remove, force: force)
        case .closed where removalPending && mayBreakOff(r): stop(r, remove: true, force: false)
        default: break
        }
    }

    private mutating func stop(_ r: Recovering, remove: Bool, force: Bool) {
        removalPending = removalPending || remove
        emit(.releaseSlot)
        beginStopping(
            Stopping(
                deviceID: r.deviceID, worker: holder(r), purpose: stopPurpose(remove: remove),
                killFirst: true, force: force))
    }

    /// Does whatever can be done now. Everything here is guarded by what was done before, so it may be
    /// called after any event.
    private mutating func advance(_ recovering: Recovering) {
        var r = recovering
        defer { if case .recovering = phase { phase = .recovering(r) } }
        phase = .recovering(r)
        guard dying == nil, r.nextAttempt == nil else { return }
        // While the dead worker's I/O drains nothing is done that others would have to wait for.
        guard r.hasSlot || r.drainingSince != nil else {
            if !r.askedForSlot {
                r.askedForSlot = true
                emit(.requestSlot)
            }
            return
        }
        switch r.worker {
        case .none:
            r.worker = .requested
            emit(.takeWorker)
        case .ready(let ref):
            r.worker = .preparing(ref)
            emit(.admit(ref.id))
            arm(.step, afterMilliseconds: Self.prepareTime)
        case .requested, .preparing, .prepared: break
        }
        if r.served && r.end == .done { return conclude(&r) }
        guard pendingControl == nil else { return }
        switch r.start {
        case .notSent where r.repeated && traits.needsFillerBeforeRepeatedStart:
            r.start = .filling
            r.sentAt = now
            control(.filler)
        case .notSent, .filled:
            r.start = .sent
            r.sentAt = now
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

    // MARK: - The kernel's side

    private mutating func answered(_ recovering: Recovering, _ step: ControlStep, _ result: Int32) {
        var r = recovering
        guard !step.meansGone(result) else { return vanished(r) }
        switch step {
        case .filler: fillerAnswered(&r, result)
        case .startUserRecovery: startAnswered(&r, result)
        case .endUserRecovery: endAnswered(&r, result)
        default: advance(r)
        }
    }

    private mutating func fillerAnswered(_ r: inout Recovering, _ result: Int32) {
        if let trouble = r.trouble, trouble.isOfDraining, !trouble.isBlocked { r.trouble = nil }
        switch Errno(-result) {
        case _ where result >= 0:
            r.start = .filled
            advance(r)
        case .noSuchFile: vanished(r)
        case .timedOut where isHeldTooLong(r) && r.mayBePinned:
            // Whether the worker died inside a queue or had begun to serve nobody can tell, so it is not given up.
            r.trouble = .perhapsPinned
            stillHeld(&r)
        // Without the filler START_USER_RECOVERY would break the kernel: nothing but another try helps.
        case .timedOut, .interrupted, .canceled: stillHeld(&r)
        case let errno:
            if r.trouble == nil { r.trouble = .withoutHelper(errno) }
            stillHeld(&r)
        }
    }

    private mutating func startAnswered(_ r: inout Recovering, _ result: Int32) {
        switch Errno(-result) {
        case _ where result >= 0: accepted(&r)
        case .invalidArgument where r.repeated && traits.refusesRepeatedStart:
            // Armed already by an earlier START of this recovery.
            accepted(&r)
        case .busy where isPinned(r):
            giveUp(r, .lost("a worker that died while it attached has left its control node open"))
        case .busy: stillHeld(&r)
        case .interrupted, .canceled:
            // Its agent is gone or has given up; the kernel may have accepted all the same.
            r.repeated = true
            stillHeld(&r)
        case let errno where errno.isLack:
            r.trouble = .withoutHelper(errno)
            stillHeld(&r)
        case .invalidArgument:
            giveUp(
                r,
                Failure(
                    .kernelUnrecoverable,
                    "the kernel refuses START_USER_RECOVERY (\(Errno.invalidArgument)): stop and start the device"
                ))
        case let errno:
            giveUp(r, Failure(.none, "the kernel refused START_USER_RECOVERY: \(errno)"))
        }
    }

    private mutating func accepted(_ r: inout Recovering) {
        r.start = .accepted
        r.mayBePinned = false
        r.record.startAccepted = now
        if r.drainingSince != nil { emit(.disarm(.verify)) }
        r.drainingSince = nil
        r.quiescedSince = nil
        if r.trouble?.isOfDraining == true { r.trouble = nil }
        advance(r)
    }

    /// EBUSY for longer than a death takes: the dead worker's last I/O is not over, or somebody holds ublkcN.
    private mutating func stillHeld(_ r: inout Recovering) {
        r.start = .notSent
        if r.trouble == nil { r.trouble = .draining }
        if r.drainingSince == nil {
            r.drainingSince = now
            if r.askedForSlot { emit(.releaseSlot) }
            r.askedForSlot = false
            r.hasSlot = false
            lookAgain(r)
        }
        emit(.findHolders)
        emit(.queryDevice)
        // An answer at once means that the agent did not even try.
        if now.milliseconds(since: r.sentAt) < 100 { pause(&r, milliseconds: 1_000) }
        advance(r)
    }

    /// A fence keeps the device LIVE there: QUIESCED with a control node that stays open is one that is lost.
    private func isPinned(_ r: Recovering) -> Bool {
        traits.mayPinAfterPartialFetch && traits.staysLiveWhileFenced && isHeldTooLong(r)
    }

    /// What was sent after the kernel had said QUIESCED came to nothing, and nobody has ublkcN.
    private func isHeldTooLong(_ r: Recovering) -> Bool {
        guard let since = r.quiescedSince, since <= r.sentAt, now.milliseconds(since: r.sentAt) >= 100
        else { return false }
        return now.milliseconds(since: since) > 10_000 && r.trouble?.isBlocked != true
    }

    private mutating func lookAgain(_ r: Recovering) {
        arm(.verify, afterMilliseconds: r.record.live != nil ? Self.verifyInterval : 1_000)
    }

    /// A wait that no attempt and no deadline ends is told of once.
    private mutating func tellIfLate(_ recovering: Recovering) {
        guard let since = recovering.drainingSince, let trouble = recovering.trouble, !recovering.isLateTold,
            now.milliseconds(since: since) >= Self.drainTime
        else { return }
        var r = recovering
        r.isLateTold = true
        phase = .recovering(r)
        log(.error, "not recovered for \(Self.drainTime / 1_000) s: \(trouble.failure.message)")
    }

    private mutating func held(_ r: inout Recovering, by holders: [String]) {
        guard r.drainingSince != nil else { return }
        if !holders.isEmpty {
            r.trouble = .blocked(by: holders)
        } else if r.trouble?.isBlocked == true {
            r.trouble = .draining
        }
        advance(r)
    }

    private mutating func endAnswered(_ r: inout Recovering, _ result: Int32) {
        guard r.end != .notSent else {
            // Its worker died meanwhile. An END that was accepted all the same began a new service, so the
            // next START is the first one.
            if result >= 0 {
                r.repeated = false
                r.mayBePinned = false
            }
            return advance(r)
        }
        if r.end == .sent, Errno(-result).isLack {
            // It was not even sent.
            r.end = .notSent
            r.record.endSent = nil
            r.trouble = .withoutHelper(Errno(-result))
            pause(&r, milliseconds: 1_000)
            return advance(r)
        }
        if result >= 0 { r.end = .done }
        if let failure = r.condemned { return condemn(r, failure) }
        guard result >= 0 else { return condemn(r, refused("END_USER_RECOVERY", result)) }
        advance(r)
    }

    private mutating func seen(_ recovering: Recovering, _ state: KernelState?) {
        var r = recovering
        if r.record.live != nil { r.seenLive = state == .live }
        guard let since = r.drainingSince else { return advance(r) }
        let waited = now.milliseconds(since: since)
        let isBlocked = r.trouble?.isBlocked == true
        if state == .dead {
            // A disk that survives its worker is DEAD only after a STOP_DEV: it must be made anew.
            log(.warning, "another tool stopped the device; it is made anew")
            emit(.releaseSlot)
            return beginStopping(
                Stopping(
                    deviceID: r.deviceID, worker: holder(r),
                    purpose: removalPending ? .remove : .startAgain, killFirst: true, force: true))
        }
        if state == .live && traits.endForDeadWorkerIsFatal && waited > 45_000 && !isBlocked {
            // A dead worker is LIVE there for io_timeout at most; later it is lost.
            return giveUp(r, .lost("the kernel believes it to be served though its worker is dead"))
        }
        let isQuiesced = state == .quiesced || state == .failIO
        r.quiescedSince = isQuiesced ? r.quiescedSince ?? now : nil
        advance(r)
    }

    // MARK: - The new worker's side

    private mutating func prepared(_ recovering: Recovering, _ id: WorkerID, _ found: BackendFacts) {
        var r = recovering
        guard case .preparing(let ref) = r.worker, ref.id == id else { return }
        if let known = facts, found.size < known.size, !r.failing {
            return condemn(
                r,
                Failure(
                    .backingChanged, "the backend has shrunk from \(known.size) to \(found.size) bytes"))
        }
        if let known = facts, known.identity != .none, found.identity != known.identity, !r.failing {
            return condemn(
                r, Failure(.backingChanged, "the backend is another one than held its data before"))
        }
        // The rest is the disk's and stays; this is how its present backend is opened.
        if !r.failing { facts?.directIO = found.directIO }
        emit(.disarm(.step))
        r.worker = .prepared(ref)
        advance(r)
    }

    private mutating func died(_ recovering: Recovering, _ id: WorkerID, _ cause: DeathCause) {
        var r = recovering
        if case .ready(let ref) = r.worker, ref.id == id, dying != nil {
            // It waited for the old one's end; the next is asked for after that.
            r.worker = .none
            rollBackTrial(&r, Failure(.none, "the new worker \(cause.words) before it was used"))
            phase = .recovering(r)
        } else if id == r.worker.ref?.id {
            let poison = poisonFound(id, RecoveryCause(cause))
            lostNewWorker(
                r,
                poison ?? r.condemned
                    ?? Failure(.crashLoop, "the new worker \(cause.words) during the recovery"))
        } else if r.awaitsDeath && dying == nil {
            r.awaitsDeath = false
            emit(.disarm(.step))
            if r.trouble?.isUnkillable == true { r.trouble = nil }
            advance(r)
        }
    }

    private mutating func late(_ r: inout Recovering) {
        if let dying {
            r.trouble = .failed(unkillable(dying))
            log(.error, unkillable(dying).message)
            phase = .recovering(r)
        } else if r.worker.ref != nil {
            let task = if case .preparing = r.worker { "prepare its backend" } else { "begin to serve" }
            condemn(r, Failure(.backingError, "the new worker did not \(task) in time"))
        }
    }

    /// The new worker has to go. Not between its FETCHes and the answer of END: a classic kernel would take
    /// the dead one for a live server.
    private mutating func condemn(_ recovering: Recovering, _ failure: Failure) {
        var r = recovering
        if case .endUserRecovery? = pendingControl, r.end != .notSent {
            guard r.condemned == nil else { return }
            r.condemned = failure
            emit(.disarm(.step))
            phase = .recovering(r)
            return cancelPendingControl()
        }
        let worker = holder(r)
        r.worker = .none
        emit(.disarm(.step))
        if let worker { dismiss(worker) }
        awaitDeath(&r)
        lostNewWorker(r, failure)
    }

    /// The kernel may know of a user whom nobody saw, and whose I/O waits for what has begun. One that gets nowhere is broken
    /// off all the same: there may be nobody to recover it for.
    private func mayBreakOff(_ r: Recovering) -> Bool {
        if now.milliseconds(since: r.record.detected) >= Self.breakOffTime { return true }
        return r.worker == .none && r.start == .notSent && r.nextAttempt == nil && !r.awaitsDeath
            && pendingControl == nil
    }

    private mutating func awaitDeath(_ r: inout Recovering) {
        guard dying != nil else { return }
        r.awaitsDeath = true
        arm(.step, afterMilliseconds: Self.deathTime)
    }

    /// The new worker is gone or as good as gone. What it may have touched is done again.
    private mutating func lostNewWorker(_ recovering: Recovering, _ failure: Failure) {
        var r = recovering
        attempted = true
        if dying == nil { emit(.disarm(.step)) }
        if r.drainingSince == nil { emit(.disarm(.verify)) }
        // A worker that could not lock the backend while the dead one's I/O drains has done nothing wrong.
        let blameless = r.start != .accepted && r.drainingSince != nil
        if r.end != .notSent {
            r.repeated = r.end != .done
            r.mayBePinned = r.end == .submitted
            r.start = .notSent
            r.end = .notSent
            if case .endUserRecovery? = pendingControl { cancelPendingControl() }
        }
        r.condemned = nil
        r.worker = .none
        r.served = false
        r.probed = false
        r.seenLive = false
        r.record.live = nil
        if blameless {
            pause(&r, milliseconds: 1_000)
            phase = .recovering(r)
            return
        }
        r.trouble = .failed(failure)
        if r.isTrial {
            rollBackTrial(&r, failure)
            return advance(r)
        }
        let delay = max(
            tally.died(at: now, settings), failure.reason == .crashLoop ? 0 : settings.restartDelay)
        log(tally.count <= 1 ? .error : .debug, "recovery failed: \(failure.message)")
        if tally.isExhausted(settings) || failure.reason == .poison { return giveUp(r, failure) }
        if delay > 0 { pause(&r, milliseconds: withJitter(delay)) }
        advance(r)
    }

    /// The new program is not to be had, or failed before it served: the former one takes over, at once.
    private mutating func rollBackTrial(_ r: inout Recovering, _ failure: Failure?) {
        guard r.isTrial else { return }
        r.isTrial = false
        let why = failure?.message ?? "its worker is gone"
        log(.error, "the new program failed (\(why)); the former one is used again")
        emit(.rollBackProgram)
        emit(.handOverEnded(Failure(failure?.reason ?? .none, "\(why); the former program serves again")))
    }

    /// Nothing is done until then, and others may have the slot.
    private mutating func pause(_ r: inout Recovering, milliseconds: UInt64) {
        if r.askedForSlot { emit(.releaseSlot) }
        r.askedForSlot = false
        r.hasSlot = false
        r.nextAttempt = now.adding(milliseconds: milliseconds)
        arm(.retry, afterMilliseconds: milliseconds)
    }

    /// The new worker if it may hold the backend or ublkcN. One that is only ready holds nothing: it is ended at
    /// once, and nobody waits for it.
    private mutating func holder(_ r: Recovering) -> WorkerRef? {
        if case .ready(let ref) = r.worker {
            emit(.kill(ref.id))
            return nil
        }
        return r.worker.ref
    }

    // MARK: - Ends

    /// Served and END accepted: LIVE is believed when GET_DEV_INFO says so and every queue answers.
    private mutating func conclude(_ r: inout Recovering) {
        guard let worker = r.worker.ref else { return }
        guard r.seenLive && r.probed else {
            if r.record.live == nil {
                r.record.live = now
                emit(.queryDevice)
                lookAgain(r)
            }
            return
        }
        for timer in DeviceTimer.allCases { emit(.disarm(timer)) }
        emit(.releaseSlot)
        attempted = true
        recoveries += 1
        r.record.live = now
        lastRecovery = r.record
        // What its queues told before was not heard.
        phase = .live(
            Live(
                deviceID: r.deviceID, worker: worker, since: now, failing: r.failing, isTrial: r.isTrial,
                isUnseen: true))
        emit(.becameLive(recovery: r.record))
        if r.record.cause == .upgrade && !r.isTrial { emit(.handOverEnded(nil)) }
        let took = now.milliseconds(since: r.record.detected)
        log(.notice, "recovered in \(took) ms by worker \(worker.pid)")
        if removalPending { log(.notice, "the device waits for its last close to be removed") }
    }

    private mutating func vanished(_ r: Recovering) {
        emit(.releaseSlot)
        let failure = Failure(.none, "another tool deleted the device")
        var stopping = Stopping(
            deviceID: r.deviceID, worker: holder(r), purpose: removalPending ? .remove : .undo(failure),
            killFirst: true, force: true)
        stopping.isGone = true
        beginStopping(stopping)
    }

    private mutating func giveUp(_ r: Recovering, _ failure: Failure) {
        emit(.releaseSlot)
        for timer in DeviceTimer.allCases { emit(.disarm(timer)) }
        if r.isTrial { emit(.handOverEnded(failure)) }
        if let worker = holder(r) { dismiss(worker) }
        // An accepted START stays accepted; only END takes it back.
        giveUp(
            deviceID: r.deviceID, failure, cause: r.record.cause, lost: r.record.detected,
            repeated: r.repeated || r.start == .accepted, wasFailing: r.failing)
    }

    /// More deaths without service than the settings bear: `on_give_up`.
    mutating func giveUp(
        deviceID: UInt32, _ failure: Failure, cause: RecoveryCause, lost: Instant, repeated: Bool,
        wasFailing: Bool
    ) {
        attempted = true
        var failed = Failed(
            failure: failure, deviceID: deviceID, cause: cause, lost: lost, repeated: repeated)
        switch settings.afterGivingUp {
        case _ where failure.reason == .kernelUnrecoverable: failed.held = true
        // An operator asked for this one; by itself nothing is recovered.
        case _ where settings.restartBurst == 0: failed.held = true
        case .fail where !wasFailing:
            log(
                .error,
                "given up: \(failure.message); every request is answered with EIO from now on; `ublkctl recover` tries again"
            )
            givenUpFor = failure
            return beginRecovery(
                deviceID: deviceID, cause: cause, delay: 0, repeated: repeated, failing: true, lost: lost)
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

extension Failure {
    /// What the kernel has lost comes back only as a new disk.
    fileprivate static func lost(_ how: String) -> Failure {
        Failure(.kernelUnrecoverable, "\(how): stop and start the device")
    }
}
