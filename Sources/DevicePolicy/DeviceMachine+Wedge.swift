internal import BlockABI

// A command that the kernel does not answer, not even when it is cancelled: it costs this device, and no other, until it
// ends. A STOP_DEV over a backend that hangs is one.
extension DeviceMachine {
    /// A control command that does not end: its agent is lost, the device is left as it is until it does.
    mutating func wedged(
        deviceID: UInt32?, worker: WorkerRef?, _ step: ControlStep, stop: PlannedStop? = nil
    ) {
        attempted = true
        for timer in DeviceTimer.allCases { emit(.disarm(timer)) }
        let failure = Failure(
            .controlWedged,
            "the kernel does not answer \(step.words): the device is left alone until it does; other devices go on"
        )
        log(.error, failure.message)
        var wedge = Wedge(step: step, worker: nil, stop: stop)
        if let worker, worker != dying {
            // A worker between its FETCHes and the answer of START_DEV must not die before that comes.
            if step.spares { wedge.worker = worker } else { dismiss(worker) }
        }
        var failed = Failed(failure: failure, deviceID: deviceID, held: true)
        failed.wedge = wedge
        phase = .failed(failed)
    }

    /// The command has ended after all: the device is stopped if it was to be, or brought back.
    mutating func returned(_ failed: Failed, _ step: ControlStep, deviceID added: UInt32?) {
        guard let wedge = failed.wedge, wedge.step == step else { return }
        log(.notice, "the kernel has ended \(step.words)")
        var purpose = wedge.stop?.purpose
        if purpose != nil || step.isLostWithItsDisk || !settings.survivesWorker {
            purpose = removalPending ? .remove : purpose ?? .startAgain
        }
        guard let id = failed.deviceID ?? added else { return conclude(purpose ?? .startAgain) }
        guard let purpose else {
            if let worker = wedge.worker { dismiss(worker) }
            return beginRecovery(
                deviceID: id, cause: failed.cause, delay: 0, repeated: true, lost: failed.lost)
        }
        if failed.deviceID == nil { emit(.deviceAdded(id)) }
        beginStopping(
            Stopping(
                deviceID: id, worker: wedge.worker, purpose: purpose, killFirst: true,
                force: wedge.stop?.force ?? true, mustBeRemade: true, isGone: wedge.stop?.isGone ?? false))
    }

    /// What is wanted of a device that is left alone is done once its command has ended.
    mutating func stop(_ failed: Failed, _ wedge: Wedge, remove: Bool, force: Bool) {
        var failed = failed
        var stop = wedge.stop ?? PlannedStop(purpose: .operatorStop, force: force)
        removalPending = removalPending || remove || stop.purpose == .remove
        stop.purpose = stopPurpose(remove: remove)
        stop.force = stop.force || force
        failed.wedge?.stop = stop
        phase = .failed(failed)
        log(.error, "not stopped yet: \(failed.failure.message)")
    }
}

extension ControlStep {
    /// The worker lives on when the command is lost: one between its FETCHes and START_DEV must not die, and one
    /// that serves goes on.
    fileprivate var spares: Bool {
        switch self {
        case .startDevice, .quiesceDevice, .updateSize: true
        default: false
        }
    }

    /// Nobody can say how far a start or a stop came: the disk is made anew.
    fileprivate var isLostWithItsDisk: Bool {
        switch self {
        case .startUserRecovery, .endUserRecovery, .filler, .quiesceDevice, .updateSize: false
        default: true
        }
    }
}
