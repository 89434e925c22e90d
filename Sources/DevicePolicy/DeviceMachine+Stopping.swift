internal import BlockABI

// STOP_DEV and DEL_DEV. A healthy worker stays alive through STOP_DEV, so that its requests end well; any
// other is killed first, because STOP_DEV waits for it without end. DEL_DEV only follows a STOP_DEV that
// returned: one that hangs costs a device, a DEL_DEV that hangs costs the host.
extension DeviceMachine {
    mutating func beginStopping(_ stopping: Stopping) {
        emit(.disarm(.retry))
        advance(stopping)
    }

    mutating func handle(_ event: DeviceEvent, in stopping: Stopping) {
        var s = stopping
        switch event {
        case .workerDied(let id, _, _) where id == s.worker?.id:
            s.worker = nil
            advance(s)
        case .workerGiven(let ref): emit(.kill(ref.id))
        case .controlDone(let step, let result, _): answered(s, step, result)
        case .controlLate(.stopDevice), .controlLate(.tryStopDevice):
            // The worker holds a request that it does not answer.
            kill(&s)
            phase = .stopping(s)
        case .controlLost(let step): wedged(deviceID: s.deviceID, worker: s.worker, step)
        case .timer(.step):
            kill(&s)
            phase = .stopping(s)
        case .stop(let remove, let force, _):
            if remove { s.purpose = .remove } else if s.purpose != .remove { s.purpose = .operatorStop }
            s.force = s.force || force
            phase = .stopping(s)
        case .start where s.purpose == .operatorStop:
            s.purpose = .startAgain
            phase = .stopping(s)
        default: break
        }
    }

    private mutating func kill(_ s: inout Stopping) {
        guard let worker = s.worker, !s.killSent else { return }
        s.killSent = true
        emit(.kill(worker.id))
    }

    private mutating func advance(_ stopping: Stopping) {
        var s = stopping
        defer { if case .stopping = phase { phase = .stopping(s) } }
        phase = .stopping(s)
        switch s.step {
        case .settling:
            // A worker between its FETCHes and the answer of START_DEV must not die: the command goes first.
            guard pendingControl == nil else { return cancelPendingControl() }
            if s.killFirst && s.worker != nil { return kill(&s) }
            s.step = .stopping
            control(s.force || !traits.canTryStop ? .stopDevice : .tryStopDevice)
        case .waitingForWorker:
            guard s.worker == nil else { return }
            emit(.disarm(.step))
            s.step = .deleting
            control(.deleteDevice)
        case .stopping, .deleting: break
        }
    }

    private mutating func answered(_ stopping: Stopping, _ step: ControlStep, _ result: Int32) {
        var s = stopping
        let errno = Errno(-result)
        switch (s.step, step) {
        case (.settling, _): advance(s)
        case (.stopping, .tryStopDevice) where errno == .busy:
            guard let worker = s.worker, let since = s.liveSince else { return forceStop(&s) }
            phase = .live(Live(deviceID: s.deviceID, worker: worker, since: since))
            if s.purpose == .operatorStop { removalPending = false }
            emit(.stopRefused)
        case (.stopping, .tryStopDevice) where errno == .noSuchDevice || errno == .notSupported:
            // No disk yet (added, never started), or an older kernel after all.
            forceStop(&s)
        case (.stopping, _) where result < 0 && errno != .noSuchDevice:
            fail(s, "STOP_DEV", errno)
        case (.stopping, _):
            s.step = .waitingForWorker
            if s.worker != nil { arm(.step, afterMilliseconds: Self.leaveTime) }
            advance(s)
        case (.deleting, .deleteDevice):
            // EINTR: the deletion goes on in the kernel and ends with the last close.
            guard result >= 0 || errno == .noSuchDevice || errno == .interrupted else {
                return fail(s, "DEL_DEV", errno)
            }
            if errno == .interrupted {
                log(.warning, "the disk is gone; its number is free again when its last user closes it")
            }
            removalPending = false
            emit(.deviceDeleted)
            conclude(s.purpose)
        default: break
        }
    }

    private mutating func forceStop(_ s: inout Stopping) {
        s.force = true
        phase = .stopping(s)
        control(.stopDevice)
    }

    private mutating func fail(_ s: Stopping, _ command: String, _ errno: Errno) {
        attempted = true
        let failure = Failure(.none, "the kernel refused \(command) (\(errno)): try `ublkctl stop` again")
        log(.error, failure.message)
        phase = .failed(Failed(failure: failure, deviceID: s.deviceID, held: true))
    }
}
