import BlockABI
import DevicePolicy

/// What ublkd was told and what it has concluded, as far as a rule asks.
struct Knowledge {
    /// The kernel's answer that the device does not exist was told; its number may be another tool's by now.
    var isToldGone = false { didSet { if isToldGone { isWrittenOff = false } } }
    /// The agent of a command was given up: the driver may never again answer for this device.
    var isWrittenOff = false
    /// The disk was believed LIVE since it was added.
    var isVerified = false
    /// The worker that is believed to serve.
    var server: WorkerID? { didSet { if server != nil { isVerified = true } } }
    /// Somebody asked for a stop or a removal that was not refused.
    var isStopWanted = false
    /// A stop that was not forced met a user of the disk, who is still there.
    var isInUse = false
    var isRemoved = false
    var isAdopting = false
    var lastStep: ControlStep?
    /// When workers were asked for lately.
    var attempts: [UInt64] = []
    /// What was told since the last probe was sent: LIVE is to be believed after both only.
    var answeredProbe: WorkerID?
    var isToldLive = false

    mutating func probe(_ id: WorkerID) {
        answeredProbe = nil
        isToldLive = false
    }

    mutating func deviceAdded() {
        isToldGone = false
        isVerified = false
        isStopWanted = false
        isInUse = false
    }
}

// What must never be, whatever happens.
extension FakeWorld {
    func expectLegal(_ effect: DeviceEffect) {
        switch effect {
        case .kill, .disarm, .log: break
        case _ where knowledge.isRemoved: fail("\(effect) for a device that was removed")
        case .configure(let id, _), .admit(let id):
            if let other = living(but: id) { fail("\(id) is configured while \(other.ref.id) lives") }
        case .attach(let id, _, let fetchNow):
            if let other = living(but: id) { fail("\(id) is attached while \(other.ref.id) lives") }
            if fetchNow && !isWaiting(for: id) {
                fail("\(id) fetches before END_USER_RECOVERY is with the kernel")
            }
        case .fetch(let id):
            if !isWaiting(for: id) { fail("\(id) fetches before START_DEV is with the kernel") }
        case .control(let step): expectLegal(step)
        case .takeWorker, .takeNewProgram: expectPauses()
        case .requestSlot: if slot != .none { fail("a slot is asked for twice") }
        case .becameLive:
            guard !knowledge.isAdopting else { break }
            if !knowledge.isToldLive || knowledge.answeredProbe != machine.worker?.id {
                fail("LIVE is believed before the kernel and every queue have said so")
            }
        default: break
        }
        if case .kill(let id) = effect { expectNoFetches(of: id) }
    }

    /// What fails again and again is not tried in a tight loop: operators, who may do so, are gone by now.
    private func expectPauses() {
        guard isCalm else { return }
        knowledge.attempts = knowledge.attempts.suffix(9) + [now]
        if knowledge.attempts.count == 10, let first = knowledge.attempts.first, now < first + 1_000 {
            fail("ten workers were asked for in \(now - first) ms")
        }
    }

    /// Another worker that lives and may hold the backend or ublkcN.
    private func living(but id: WorkerID) -> FakeWorker? {
        workers.first { $0.ref.id != id && $0.isAlive && $0.isConfigured }
    }

    /// The command that waits for the FETCHes of this worker is with the kernel.
    private func isWaiting(for id: WorkerID) -> Bool {
        guard let command, command.isSubmissionTold, let pid = command.step.servedBy else { return false }
        return workers.contains { $0.ref.id == id && $0.ref.pid == pid }
    }

    private func expectNoFetches(of id: WorkerID) {
        guard let step = command?.step, let pid = step.servedBy,
            workers.contains(where: { $0.ref.id == id && $0.ref.pid == pid && $0.isAlive })
        else { return }
        fail("\(id) is killed between its FETCHes and the answer of \(step)")
    }

    // MARK: - Commands

    private func expectLegal(_ step: ControlStep) {
        if let under = command?.step { fail("\(step) while \(under) is under way") }
        if knowledge.isToldGone && step != .addDevice {
            fail("\(step) for a number that may be another tool's")
        }
        if knowledge.isWrittenOff { fail("\(step) after the device's agent was given up") }
        switch step {
        case .startDevice(let pid): expectLiving(pid, step)
        case .startUserRecovery(lazily: false):
            if slot != .held { fail("\(step) without a recovery slot") }
        case .endUserRecovery(let pid):
            expectLiving(pid, step)
            if !kernel.isArmed && kernel.exists && !(othersActed || !orphans.isEmpty) {
                fail("END_USER_RECOVERY without an accepted START_USER_RECOVERY")
            }
        case .stopDevice, .tryStopDevice: expectMayStop(step)
        default: break
        }
    }

    private func expectLiving(_ pid: Int32, _ step: ControlStep) {
        guard let worker = workers.first(where: { $0.ref.pid == pid }) else {
            return fail("\(step) names a process that is no worker")
        }
        if worker.isTold { fail("\(step) for a dead worker") }
        if worker.wasKilled { fail("\(step) for a worker that was killed") }
    }

    /// STOP_DEV waits for a worker that holds requests, and takes the disk from its users.
    private func expectMayStop(_ step: ControlStep) {
        let isRepeated = knowledge.lastStep == .stopDevice || knowledge.lastStep == .tryStopDevice
        if !isRepeated,
            let worker = workers.first(where: {
                !$0.isTold && $0.isConfigured && ($0.wasKilled || knowledge.server != $0.ref.id)
            })
        {
            fail("\(step) before \(worker.ref.id), which does not serve, is reaped")
        }
        guard knowledge.isVerified, kernel.exists, !kernel.isDeleted, kernel.state != .dead,
            kernel.survivesWorker, !kernel.isLost, !othersActed
        else { return }
        if !knowledge.isStopWanted && !isRepeated { fail("\(step) for a good disk, and nobody asked for it") }
        if step == .stopDevice && knowledge.isInUse && kernel.isOpen {
            fail("\(step) takes away a disk that is in use, and nobody forced it")
        }
    }

    // MARK: - After an event

    func expectOrder(after event: DeviceEvent) {
        if case .workerDied(let id, _, _) = event { expectEndTakenBack(from: id) }
        expectBounds()
    }

    /// A classic kernel makes a device LIVE for a dead worker.
    private func expectEndTakenBack(from id: WorkerID) {
        guard let command, case .endUserRecovery(let pid) = command.step, !command.isCancelled,
            workers.contains(where: { $0.ref.id == id && $0.ref.pid == pid })
        else { return }
        fail("END_USER_RECOVERY stays with the kernel after its worker's death")
    }

    /// Whatever is waited for has a limit of time, or a name that a person is told.
    private func expectBounds() {
        guard violation == nil else { return }
        switch machine.phase {
        case .failed(let failed):
            if failed.held { break }
            if timers[.retry] == nil { fail("the next attempt is announced, and no timer brings it") }
        case .starting(let starting):
            if starting.step == .verifying && timers[.verify] == nil { fail("nobody looks for LIVE again") }
            expectBoundOfWorkers()
        case .recovering(let recovering):
            let looks = recovering.record.live != nil || recovering.drainingSince != nil
            if looks && timers[.verify] == nil { fail("nobody looks at the device again") }
            if recovering.nextAttempt != nil && timers[.retry] == nil {
                fail("the next attempt is announced, and no timer brings it")
            }
            if slot == .held && recovering.nextAttempt != nil {
                fail("a recovery slot is kept from others while nothing is done")
            }
            expectBoundOfWorkers()
        case .stopping: expectBoundOfWorkers()
        case .live(let live):
            if live.isReplacing && command == nil && timers[.step] == nil {
                fail("a replaced worker is waited for without a limit")
            }
            if live.handOver != nil && !live.isReplacing && timers[.step] == nil {
                fail("a new worker is waited for without a limit")
            }
        case .absent, .stopped, .removed: break
        }
    }

    private func expectBoundOfWorkers() {
        var hasLimit = timers[.step] != nil || command != nil
        if case .stopping = machine.phase, timers[.retry] != nil { hasLimit = true }
        for worker in workers where worker.isConfigured && !worker.isTold && !hasLimit {
            if worker.wasKilled {
                // Of two things that hold it up one is told.
                let isNamed = [.unkillable, .recoveryBlocked].contains(machine.visible.reason)
                if !isNamed && timers[.retry] == nil && timers[.verify] == nil {
                    fail("the end of \(worker.ref.id) is waited for without a limit or a word")
                }
            } else if worker.ref == machine.worker, isOwing(worker) {
                fail("\(worker.ref.id) is waited for without a limit")
            }
        }
        if command == nil && timers.isEmpty && workersWanted == 0 && slot != .asked
            && machine.visible.message.isEmpty
        {
            fail("nothing is waited for, and nothing is done: \(machine.visible)")
        }
    }

    /// Something was asked of it that it has not done.
    private func isOwing(_ worker: FakeWorker) -> Bool {
        if case .stopping = machine.phase { return true }
        let isAnswering = worker.mail.contains { if case .workerFailed = $0 { false } else { true } }
        return worker.task != .idle || isAnswering || probed == worker.ref.id
    }
}

extension ControlStep {
    /// The process that START_DEV or END_USER_RECOVERY would make the server.
    var servedBy: Int32? {
        switch self {
        case .startDevice(let pid), .endUserRecovery(let pid): pid
        default: nil
        }
    }
}
