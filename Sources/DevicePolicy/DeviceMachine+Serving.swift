internal import BlockABI

// Live devices, and those that are not for now.
extension DeviceMachine {
    mutating func handle(_ event: DeviceEvent, in live: Live) {
        switch event {
        case .workerDied(let id, let cause, let served) where id == live.worker.id:
            workerDied(live, .death(cause), served: served)
        case .workerFailed(let id, let failure) where id == live.worker.id:
            log(.error, failure.message)
            emit(.kill(id))
        case .recover:
            log(.notice, "an operator asked for recovery: worker \(live.worker.pid) is replaced")
            tally.reset()
            emit(.kill(live.worker.id))
            guard settings.survivesWorker else { return }
            beginRecovery(
                deviceID: live.deviceID, cause: .operatorAsked, oldWorker: live.worker, delay: 0,
                repeated: false)
        case .start:
            removalPending = false
        case .stop(let remove, let force, _):
            removalPending = remove
            beginStopping(
                Stopping(
                    deviceID: live.deviceID, worker: live.worker, purpose: remove ? .remove : .operatorStop,
                    killFirst: false, force: force, liveSince: live.since))
        case .closed where removalPending:
            beginStopping(
                Stopping(
                    deviceID: live.deviceID, worker: live.worker, purpose: .remove, killFirst: false,
                    force: false, liveSince: live.since))
        case .workerGiven(let ref): emit(.kill(ref.id))
        default: break
        }
    }

    private mutating func workerDied(_ live: Live, _ cause: RecoveryCause, served: Bool) {
        let hasServed = served || now.milliseconds(since: live.since) >= DeathTally.serviceTime
        let words = if case .death(let death) = cause { death.words } else { "is gone" }
        log(.warning, "worker \(live.worker.pid) \(words)")
        guard settings.survivesWorker else {
            return beginStopping(
                Stopping(
                    deviceID: live.deviceID, worker: nil, purpose: removalPending ? .remove : .startAgain,
                    killFirst: true, force: true))
        }
        var delay: UInt64 = 0
        if hasServed { tally.reset() } else { delay = tally.died(at: now, settings) }
        let failure = Failure(.crashLoop, "its workers die before they have served (the last one \(words))")
        if settings.restartBurst == 0 {
            phase = .failed(
                Failed(
                    failure: Failure(
                        .operatorAsked, "restart_burst = 0: recovery is left to `ublkctl recover`"),
                    deviceID: live.deviceID, held: true, cause: cause))
        } else if tally.isExhausted(settings) {
            giveUp(
                deviceID: live.deviceID, failure, cause: cause, repeated: false, wasFailing: live.failing)
        } else {
            beginRecovery(
                deviceID: live.deviceID, cause: cause, oldWorker: nil, delay: delay, repeated: false,
                failing: live.failing)
        }
    }

    mutating func handle(_ event: DeviceEvent, in failed: Failed) {
        switch event {
        case .start, .recover:
            tally.reset()
            retry(failed)
        case .timer(.retry) where !failed.held:
            retry(failed)
        case .stop(let remove, _, _):
            emit(.disarm(.retry))
            guard let id = failed.deviceID else { return conclude(remove ? .remove : .operatorStop) }
            guard failed.failure.reason != .controlWedged else {
                return log(.error, "not stopped: \(failed.failure.message)")
            }
            beginStopping(
                Stopping(
                    deviceID: id, worker: nil, purpose: remove ? .remove : .operatorStop, killFirst: true,
                    force: true))
        case .closed where removalPending:
            guard let id = failed.deviceID, failed.failure.reason != .controlWedged else { return }
            beginStopping(
                Stopping(deviceID: id, worker: nil, purpose: .remove, killFirst: true, force: true))
        case .workerGiven(let ref): emit(.kill(ref.id))
        default: break
        }
    }

    private mutating func retry(_ failed: Failed) {
        guard let id = failed.deviceID else { return beginStarting() }
        guard failed.failure.reason != .controlWedged else {
            return log(.error, "not recovered: \(failed.failure.message)")
        }
        emit(.disarm(.retry))
        beginRecovery(
            deviceID: id, cause: failed.cause, oldWorker: nil, delay: 0, repeated: failed.repeated)
    }
}
