internal import BlockABI

// STOP_DEV and DEL_DEV. A healthy worker stays alive through STOP_DEV, so that its requests end well; any
// other is killed first, because STOP_DEV waits for it without end. DEL_DEV only follows a STOP_DEV that
// returned: one that hangs costs a device, a DEL_DEV that hangs costs the host.
extension DeviceMachine {
    /// Milliseconds until a command that ended without an answer of the kernel is sent again.
    private static var againTime: UInt64 { 1_000 }

    mutating func beginStopping(_ stopping: Stopping) {
        for timer in DeviceTimer.allCases { emit(.disarm(timer)) }
        if dying != nil { arm(.step, afterMilliseconds: Self.deathTime) }
        var s = stopping
        if s.purpose.makesAnew { s.mustBeRemade = true }
        advance(s)
    }

    mutating func handle(_ event: DeviceEvent, in stopping: Stopping) {
        var s = stopping
        switch event {
        case .workerDied(let id, _, _):
            if id == s.worker?.id { s.worker = nil }
            if dying == nil && s.trouble?.reason == .unkillable { s.trouble = nil }
            advance(s)
        case .workerGiven(let ref): emit(.kill(ref.id))
        case .controlDone(let step, let result, _): answered(s, step, result)
        case .controlLate(.stopDevice), .controlLate(.tryStopDevice):
            // The worker holds a request that it does not answer.
            kill(&s)
            phase = .stopping(s)
        case .controlLate(.deleteDevice):
            s.isDeletionLate = true
            phase = .stopping(s)
        case .controlLost(let step):
            let stop = PlannedStop(purpose: s.purpose, force: s.force, isGone: s.isGone)
            wedged(deviceID: s.deviceID, worker: s.worker, step, stop: stop)
        case .deviceGone:
            s.isGone = true
            phase = .stopping(s)
        case .timer(.step):
            if let dying {
                s.trouble = unkillable(dying)
                log(.error, unkillable(dying).message)
            } else {
                kill(&s)
            }
            phase = .stopping(s)
        case .timer(.retry) where pendingControl == nil: repeatCommand(s)
        case .stop(let remove, let force, _):
            // Somebody waits for the end of it.
            s.isTry = false
            if remove || s.purpose == .remove {
                s.purpose = .remove
                removalPending = true
            } else {
                s.purpose = stopPurpose(remove: false)
            }
            s.force = s.force || force
            phase = .stopping(s)
        case .recover where s.isTry && s.failed != nil:
            forgive()
            s.failed?.held = false
            s.failed?.nextAttempt = now
            phase = .stopping(s)
        case .start:
            s.purpose = .startAgain
            tally.reset()
            phase = .stopping(s)
        default: break
        }
    }

    private mutating func kill(_ s: inout Stopping) {
        guard let worker = s.worker, !s.killSent else { return }
        s.killSent = true
        dismiss(worker)
        arm(.step, afterMilliseconds: Self.deathTime)
    }

    private mutating func advance(_ stopping: Stopping) {
        var s = stopping
        defer { if case .stopping = phase { phase = .stopping(s) } }
        phase = .stopping(s)
        switch s.step {
        case .settling:
            // A worker between its FETCHes and the answer of START_DEV must not die: the command goes first.
            guard pendingControl == nil else { return cancelPendingControl() }
            if (s.killFirst || s.isGone) && s.worker != nil { return kill(&s) }
            guard dying == nil else { return }
            emit(.disarm(.step))
            guard !s.isGone else { return finish(s) }
            s.step = .stopping
            control(s.command)
        case .waitingForWorker:
            guard s.worker == nil, dying == nil else { return }
            emit(.disarm(.step))
            guard !s.isGone else { return finish(s) }
            delete(&s)
        case .stopping, .deleting: break
        }
    }

    private mutating func answered(_ stopping: Stopping, _ step: ControlStep, _ result: Int32) {
        var s = stopping
        let errno = Errno(-result)
        switch (s.step, step) {
        case (.settling, _):
            if step.meansGone(result) { s.isGone = true }
            advance(s)
        case (.stopping, _) where s.isGone: stopped(s)
        case (.stopping, _) where errno == .interrupted || errno == .canceled:
            // Its agent died, or it never reached the driver. STOP_DEV may be repeated.
            arm(.retry, afterMilliseconds: Self.againTime)
        case (.stopping, .tryStopDevice) where errno == .busy && !s.force: refused(s)
        case (.stopping, .tryStopDevice) where errno == .noSuchDevice || errno == .notSupported:
            // No disk yet (added, never started), or nothing here can ask first.
            forceStop(&s)
        case (.stopping, .tryStopDevice) where errno == .busy: forceStop(&s)
        case (.stopping, _) where result < 0 && errno != .noSuchDevice:
            fail(s, "STOP_DEV", errno)
        case (.stopping, _):
            s.isGone = errno == .noSuchDevice
            stopped(s)
        case (.deleting, .deleteDevice): deleted(s, result, errno)
        default: break
        }
    }

    private mutating func stopped(_ stopping: Stopping) {
        var s = stopping
        s.step = .waitingForWorker
        if s.worker != nil && dying == nil { arm(.step, afterMilliseconds: Self.leaveTime) }
        advance(s)
    }

    private mutating func delete(_ s: inout Stopping) {
        s.step = .deleting
        s.deletionSentAt = now
        control(.deleteDevice)
    }

    private mutating func deleted(_ stopping: Stopping, _ result: Int32, _ errno: Errno) {
        var s = stopping
        guard !s.isGone else { return finish(s) }
        guard result >= 0 || errno == .noSuchDevice || errno == .interrupted else {
            return fail(s, "DEL_DEV", errno)
        }
        guard errno == .interrupted else { return finish(s) }
        // An agent cancels at the deadline by itself, and mostly has its answer before anybody calls it late.
        if now.milliseconds(since: s.deletionSentAt) >= settings.controlTimeout { s.isDeletionLate = true }
        // Cancelled at its deadline, the deletion goes on in the kernel and ends with the last close. Before,
        // its agent has died and perhaps nothing was deleted. A second DEL_DEV only waits for the first.
        let mustEnd = s.purpose == .startAgain
        if mustEnd && s.isDeletionLate && s.trouble == nil {
            s.trouble = Failure(
                .none, "the old disk is still in use: the device starts when its last user closes it")
            log(.warning, s.trouble?.message ?? "")
        }
        if mustEnd || !s.isDeletionLate {
            phase = .stopping(s)
            return arm(.retry, afterMilliseconds: Self.againTime)
        }
        log(.warning, "the disk is gone; its number is free again when its last user closes it")
        finish(s)
    }

    private mutating func finish(_ s: Stopping) {
        removalPending = false
        emit(.deviceDeleted)
        conclude(s.purpose)
    }

    /// Somebody has the disk open.
    private mutating func refused(_ s: Stopping) {
        if s.purpose == .remove { removalPending = true }
        emit(.stopRefused)
        if let live = s.live, s.worker != nil {
            goBack(to: live)
        } else if let failed = s.failed, s.purpose != .startAgain {
            goBack(to: failed)
        } else if settings.survivesWorker {
            // It has no worker (any more), and its users' I/O waits for one.
            guard settings.restartBurst > 0 else {
                return leaveToOperator(s.deviceID, .death(.unknown), repeated: true)
            }
            beginRecovery(
                deviceID: s.deviceID, cause: .death(.unknown), delay: 0, repeated: true,
                failing: s.live?.failing ?? false)
        } else {
            // Lost with its worker: whoever asked is told that it is not stopped, so it comes back when closed.
            var stopping = s
            if s.purpose == .operatorStop { stopping.purpose = .startAgain }
            forceStop(&stopping)
        }
    }

    /// Its worker goes on serving. What its queues told meanwhile was not heard, and their timers are gone.
    private mutating func goBack(to live: Live) {
        var l = live
        l.isUnseen = true
        l.repairs = [:]
        phase = .live(l)
    }

    /// Its users' I/O goes on waiting.
    private mutating func goBack(to failed: Failed) {
        phase = .failed(failed)
        guard let next = failed.nextAttempt, !failed.held else { return }
        emit(.arm(.retry, max(next, now)))
    }

    private mutating func forceStop(_ s: inout Stopping) {
        s.force = true
        phase = .stopping(s)
        control(.stopDevice)
    }

    private mutating func repeatCommand(_ stopping: Stopping) {
        var s = stopping
        guard !s.isGone else {
            s.step = .waitingForWorker
            return advance(s)
        }
        switch s.step {
        case .stopping: control(s.command)
        case .deleting:
            delete(&s)
            phase = .stopping(s)
        case .settling, .waitingForWorker: break
        }
    }

    private mutating func fail(_ s: Stopping, _ command: String, _ errno: Errno) {
        if s.isTry, let failed = s.failed, s.step == .stopping {
            goBack(to: failed)
            return emit(.stopRefused)
        }
        attempted = true
        emit(.disarm(.step))
        if s.purpose == .remove { removalPending = true }
        let failure = Failure(.none, "the kernel refused \(command) (\(errno)): try `ublkctl stop` again")
        log(.error, failure.message)
        if let live = s.live, s.worker != nil, s.step == .stopping, !s.killSent {
            // Nothing was taken from its users.
            goBack(to: live)
            return emit(.stopRefused)
        }
        if let worker = s.worker, !s.killSent { dismiss(worker) }
        var failed = Failed(failure: failure, deviceID: s.deviceID, held: true)
        failed.mustBeRemade =
            s.mustBeRemade || s.step == .deleting || s.purpose.makesAnew || !settings.survivesWorker
        // It may have been in a recovery.
        failed.repeated = true
        phase = .failed(failed)
    }
}

extension Stopping {
    /// A stop that nobody forced is refused while somebody has the disk.
    fileprivate var command: ControlStep { force ? .stopDevice : .tryStopDevice }
}

extension Stopping.Purpose {
    /// The disk was never finished, or is lost.
    fileprivate var makesAnew: Bool {
        switch self {
        case .undo, .startAgain: true
        case .operatorStop, .remove: false
        }
    }
}
