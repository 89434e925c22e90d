internal import BlockABI

// One worker hands a live device over to the next. The new one is made ready first, but for the backend, which the
// old one has; where the kernel can take the slots back, the old one leaves by itself with nothing in flight,
// elsewhere it is killed, and what was in flight is issued again. From there on it is a recovery whose worker is
// ready. A program that is new is on trial until it has served a request.
extension DeviceMachine {
    mutating func handleHandOver(_ event: DeviceEvent, _ live: Live) {
        var l = live
        switch event {
        case .upgrade:
            guard l.handOver == nil else { return }
            guard canReplace else {
                return emit(.handOverEnded(Failure(.none, "something else is being done to the device")))
            }
            begin(&l, isUpgrade: true)
        case .workerGiven(let ref):
            guard l.handOver?.step == .requested, dying == nil else { return emit(.kill(ref.id)) }
            l.handOver?.step = .preparing
            l.handOver?.worker = ref
            isOutdated = false
            emit(.configureBeside(ref.id))
        case .workerUnavailable(let failure):
            guard l.handOver?.step == .requested else { return }
            l = abandoned(l, failure)
        case .workerReady(let id):
            guard l.handOver?.step == .preparing, l.handOver?.worker?.id == id else { return }
            guard pendingControl == nil, dying == nil else {
                l = abandoned(l, Failure(.none, "another command of the device is under way"))
                break
            }
            guard settings.reissues || l.repairs.isEmpty else {
                // What waits there would fail with the old worker.
                l = abandoned(l, Failure(.none, "a queue waits for its backend"))
                break
            }
            return letGo(l)
        case .workerFailed(let id, let failure):
            emit(.kill(id))
            newWorkerIsLost(&l, failure)
        case .workerDied(_, let cause, _):
            newWorkerIsLost(&l, Failure(.none, "the new worker \(cause.words) before it was ready"))
        case .controlDone(_, let result, _): return quiesced(live, result)
        default: return
        }
        phase = .live(l)
    }

    /// After every event: as soon as nothing else is being done to the device.
    mutating func replaceOutdated() {
        guard isOutdated, case .live(var live) = phase, live.handOver == nil, canReplace,
            !live.isTrial || live.isTrialTold
        else { return }
        isOutdated = false
        begin(&live, isUpgrade: false)
        phase = .live(live)
    }

    private var canReplace: Bool { dying == nil && pendingControl == nil && settings.survivesWorker }

    private mutating func begin(_ l: inout Live, isUpgrade: Bool) {
        l.handOver = HandOver(isUpgrade: isUpgrade)
        emit(isUpgrade ? .takeNewProgram : .takeWorker)
        arm(.step, afterMilliseconds: Self.prepareTime)
    }

    private mutating func letGo(_ live: Live) {
        var l = live
        emit(.disarm(.step))
        log(.notice, "worker \(l.worker.pid) is replaced")
        tally.reset()
        l.handOver?.step = .quiescing
        phase = .live(l)
        if traits.canQuiesce { return control(.quiesceDevice) }
        dismiss(l.worker)
        lostWorker(l, .upgrade, delay: 0)
    }

    private mutating func quiesced(_ live: Live, _ result: Int32) {
        guard live.handOver?.step == .quiescing, dying == nil else { return }
        let errno = Errno(-result)
        guard result >= 0 || errno.isNoAnswer && !errno.isLack else {
            phase = .live(abandoned(live, Failure(.none, "QUIESCE_DEV failed: \(errno)")))
            return
        }
        // The driver takes the slots back before it waits, and nothing gives them back: what was sent and did not
        // end leaves a worker that gets no new request.
        if result < 0 {
            log(.warning, "QUIESCE_DEV did not come to its end (\(errno)): it is replaced all the same")
        }
        leave(live, isTold: result >= 0)
    }

    /// The old worker gets nothing new. `isTold`: it was told so by the driver, and leaves by itself.
    mutating func leave(_ live: Live, isTold: Bool) {
        var l = live
        l.handOver?.step = .leaving
        phase = .live(l)
        guard isTold || !settings.reissues else {
            dismiss(l.worker)
            return lostWorker(l, .upgrade, delay: 0)
        }
        arm(.step, afterMilliseconds: Self.leaveTime)
    }

    /// Before the old one leaves nothing has happened; after that the recovery takes another one.
    private mutating func newWorkerIsLost(_ l: inout Live, _ failure: Failure) {
        l.handOver?.worker = nil
        if !l.isReplacing { l = abandoned(l, failure) }
    }

    mutating func handOverIsLate(_ live: Live) {
        guard let handOver = live.handOver else { return }
        if handOver.step == .leaving {
            // The slots were taken back and the worker is still there: its last requests are not over.
            guard settings.reissues else {
                // They would fail with it. A queue thread that is stalled is found by its looks.
                var l = live
                l.handOver?.isLate = true
                phase = .live(l)
                return arm(.step, afterMilliseconds: Self.leaveTime)
            }
            dismiss(live.worker)
            arm(.step, afterMilliseconds: Self.deathTime)
        } else if !live.isReplacing {
            phase = .live(abandoned(live, Failure(.none, "the new worker was not ready in time")))
        }
    }

    /// The old worker goes on serving.
    private mutating func abandoned(_ live: Live, _ failure: Failure) -> Live {
        log(.error, "its worker was not replaced: \(failure.message)")
        emit(.disarm(.step))
        return withoutHandOver(live, failure)
    }

    /// `failure`: what to tell who waits for the hand-over.
    mutating func withoutHandOver(_ live: Live, _ failure: Failure?) -> Live {
        guard let handOver = live.handOver else { return live }
        var l = live
        l.handOver = nil
        if live.isReplacing {
            // What its queues told since was not heard.
            l.isUnseen = true
            l.repairs = [:]
        }
        if let worker = handOver.worker { emit(.kill(worker.id)) }
        if handOver.isUpgrade { emit(.rollBackProgram) }
        emit(.handOverEnded(failure ?? Failure(.none, "the device is gone")))
        return l
    }

    // MARK: - The trial of a new program

    mutating func rollBack(_ live: Live, _ cause: RecoveryCause, _ words: String) {
        let failure = Failure(
            .crashLoop,
            "the worker of the new program \(words) before it served; the former one is used again")
        log(.error, failure.message)
        emit(.rollBackProgram)
        if !live.isTrialTold { emit(.handOverEnded(failure)) }
        emit(.disarm(.step))
        var l = live
        l.isTrial = false
        lostWorker(l, cause, delay: 0)
    }

    /// A disk without I/O proves nothing; who waits is told that it serves.
    mutating func judgeTrial(_ l: inout Live, diskInflight: Int, hasServed: Bool) {
        guard l.isTrial else { return }
        if hasServed {
            l.isTrial = false
            emit(.programProven)
        } else if diskInflight > 0 || now.milliseconds(since: l.since) < 1_000 {
            return
        }
        if !l.isTrialTold { emit(.handOverEnded(nil)) }
        l.isTrialTold = true
    }
}
