import BlockABI
import DevicePolicy

// Faults, operators and other tools.
extension FakeWorld {
    func disturb() {
        switch random.below(24) {
        case 0, 1, 2, 3: killSomebody()
        case 4:
            guard let index = random.pick(Array(workers.indices)) else { return }
            workers[index].isStuck = workers[index].isAlive
        case 5:
            for index in workers.indices where workers[index].isStuck { workers[index].isStuck = false }
        case 6:
            guard let index = random.pick(Array(workers.indices)), workers[index].isServing else { return }
            workers[index].isWedged = true
        case 7: if random.chance(50) { endThread() } else { complain() }
        case 8, 9: setOpen(kernel.exists && !kernel.isOpen)
        case 10: now += UInt64(random.below(20_000))
        case 11: kernel.isHeldByStranger = kernel.holder != nil && !kernel.isHeldByStranger
        case 12: actAsOthers()
        case 13: spoilCommand()
        case 14: if random.chance(machine.visible.reason == .controlWedged ? 100 : 30) { crash() }
        case 15:
            brokenUntil = now + UInt64(random.below(30_000))
            if random.chance(50) { killSomebody() }
        case 16: if random.chance(20) { reconfigure() }
        case 17, 18: if machine.isFailing { grow() }
        default: operate()
        }
    }

    /// True: the scenario's death has met the machine in the place that it lay in wait for.
    func springAmbush() -> Bool {
        guard hasAmbush, Coverage.Place(machine.phase) == scenario.ambush.place else { return false }
        switch scenario.ambush.fault {
        case .workerDeath:
            guard let index = workers.lastIndex(where: { $0.isAlive && $0.isConfigured && !$0.isStuck })
            else {
                return false
            }
            end(index)
        case .agentDeath:
            guard let step = command?.step, command?.answer == nil else { return false }
            killAgent(step)
        case .supervisorDeath: crash()
        }
        hasAmbush = false
        return true
    }

    private func killSomebody() {
        let living = workers.indices.filter { workers[$0].isAlive && !workers[$0].isStuck }
        guard let index = random.pick(living) else { return }
        end(index)
    }

    /// A queue thread of the server ends, with its ring or without it; the process says so and leaves.
    private func endThread() {
        guard let worker = workers.last, worker.isAlive, worker.isServing, !worker.wasKilled else { return }
        if random.chance(50), kernel.holder == .worker(pid: worker.ref.pid) { kernel.closeRing() }
        update(worker.ref.id) { $0.isLeaving = true }
        say(.workerFailed(worker.ref.id, Failure(.none, "a queue thread ended")), by: worker.ref.id)
    }

    /// A worker says that it failed, and does not leave.
    private func complain() {
        guard let worker = workers.last, worker.isAlive, worker.isConfigured, !worker.wasKilled else {
            return
        }
        say(.workerFailed(worker.ref.id, Failure(.none, "its kernel gave it less")), by: worker.ref.id)
    }

    func setOpen(_ isOpen: Bool) {
        kernel.isOpen = isOpen
        if isOpen { kernel.read() } else { knowledge.isInUse = false }
    }

    private func actAsOthers() {
        guard kernel.exists, random.chance(30) else { return }
        prepareKernel()
        othersActed = true
        if random.chance(50) {
            note("another tool stops the device")
            kernel.stopByOthers()
        } else {
            note("another tool deletes the device")
            kernel.deleteByOthers(thenTaken: random.chance(50))
        }
        abortServer()
    }

    private func reconfigure() {
        settings.restartBurst = random.pick([5, 2, 0]) ?? 5
        settings.afterGivingUp = random.pick([.retry, .hold, .fail]) ?? .retry
        machine.settings = settings
    }

    // MARK: - Operators

    func operate() {
        guard !knowledge.isRemoved else { return }
        let isInUse = kernel.isOpen && machine.deviceID != nil
        switch random.below(14) {
        case 0, 1, 2: orderStart()
        case 3, 4, 5: order(.recover)
        case 6, 7: orderStop(remove: false, force: false, isOpen: isInUse)
        case 8: orderStop(remove: false, force: true, isOpen: isInUse)
        case 9: if random.chance(40) { orderStop(remove: true, force: false, isOpen: isInUse) }
        case 10: tell(.replaceWorker)
        case 11: tell(.upgrade)
        case 12: grow()
        default: break
        }
    }

    private func grow() {
        backend.size += 4096
        tell(.grow(bytes: backend.size))
    }

    func orderStart() {
        if !isStopUnfinished { knowledge.isStopWanted = false }
        intent = .up
        tell(.start)
    }

    /// A start or recovery now makes the disk anew.
    var isStopUnfinished: Bool {
        switch machine.phase {
        case .stopping: true
        case .failed(let failed): failed.mustBeRemade
        default: false
        }
    }

    func order(_ event: DeviceEvent) {
        switch machine.phase {
        case .stopped: intent = .up
        case .failed where !machine.removalPending:
            intent = .up
            if !isStopUnfinished { knowledge.isStopWanted = false }
        case .starting(let starting)
        where starting.abandonedFor != nil && starting.abandonedFor != .remove:
            intent = .up
        default: break
        }
        tell(event)
    }

    func orderStop(remove: Bool, force: Bool, isOpen: Bool) {
        if intent != .removed { intent = remove ? .removed : .down }
        knowledge.isStopWanted = true
        switch machine.phase {
        // A forced stop that waits for a command to end stays one.
        case .failed(let failed) where failed.wedge?.stop?.force == true: knowledge.isInUse = false
        case .live, .recovering, .failed: knowledge.isInUse = isOpen && !force
        default: if force { knowledge.isInUse = false }
        }
        tell(.stop(remove: remove, force: force, isOpen: isOpen))
    }

    // MARK: - ublkd begins, and ends

    /// How the machine comes to its device: a start, or what an earlier ublkd left.
    func begin() {
        guard random.chance(35) else { return tell(.start) }
        var state = random.pick([KernelState.dead, .live, .live, .quiesced]) ?? .live
        if !kernel.survivesWorker && state == .quiesced { state = .dead }
        if kernel.failsIO && state == .quiesced { state = .failIO }
        var worker: WorkerRef?
        if random.chance(50) {
            let ref = makeWorker()
            worker = ref
            update(ref.id) {
                $0.isConfigured = true
                $0.isServing = state == .live
            }
        }
        let left: FakeKernel.Fetched =
            switch state {
            case .live: .all
            case .quiesced where kernel.isClassic: random.pick([.none, .some, .all]) ?? .all
            default: .none
            }
        // LIVE with a dead server stays so only while its file is held.
        kernel.leave(state, server: worker?.pid ?? (state == .live ? 999 : nil), ready: left)
        if worker == nil { kernel.died(pid: 999) }
        adopt(state, worker)
    }

    private func adopt(_ state: KernelState, _ worker: WorkerRef?, isReplacing: Bool = false) {
        knowledge.isAdopting = true
        tell(
            .adopt(
                Adoption(
                    deviceID: Self.device, state: state, worker: worker, facts: backend, recoveries: 1,
                    isReplacing: isReplacing)))
        knowledge.isAdopting = false
        knowledge.isVerified = state != .dead && kernel.hasStarted
    }

    /// ublkd dies with all that it remembered, and another one finds what is left. Workers that have ublkcN go on;
    /// those that wait for orders, and the agents, leave. What an agent had under way may have been done.
    private func crash() {
        guard !knowledge.isRemoved else { return }
        note("--- ublkd dies")
        coverage.meet(.supervisorDeath, self)
        let wasStopped = if case .stopped = machine.phase { true } else { false }
        abandonCommand()
        timers = FakeTimers()
        workersWanted = 0
        queries = 0
        holderSearches = 0
        probed = nil
        slot = .none
        knowledge = Knowledge()
        // Only a stop that came to its end is written down, and a device in the kernel counts for more. A removal
        // is forgotten: the next ublkd finds the device configured.
        intent = wasStopped && !(kernel.exists && !kernel.isDeleted) ? .down : .up
        let server = leaveWorkers()
        let wasReplacing = machine.isReplacing
        machine = DeviceMachine(
            name: "data", settings: settings, traits: scenario.kernel.traits,
            seed: UInt32(truncatingIfNeeded: now))
        mutant?.forget()
        if kernel.exists && !kernel.isDeleted {
            adopt(kernel.state, server, isReplacing: server != nil && wasReplacing)
        } else if wasStopped {
            tell(.stop(remove: false, force: false, isOpen: false))
        } else {
            tell(.start)
        }
    }

    /// Returns the one that the next ublkd finds.
    private func leaveWorkers() -> WorkerRef? {
        var server: WorkerRef?
        for index in workers.indices where !workers[index].isTold {
            if workers[index].isAlive && !kernel.isDeleted
                && kernel.holder == .worker(pid: workers[index].ref.pid)
            {
                workers[index].wasKilled = false
                workers[index].task = .idle
                server = workers[index].ref
            } else {
                if workers[index].isAlive { end(index) }
                workers[index].isTold = true
            }
        }
        return server
    }

    private func abandonCommand() {
        // A START_DEV in a lost agent could make a disk LIVE behind any successor's back.
        orphans.removeAll { if case .startDevice = $0 { true } else { false } }
        lostStep = nil
        guard let abandoned = command else { return }
        command = nil
        if case .startDevice = abandoned.step, abandoned.ignoresCancel { return }
        if abandoned.ignoresCancel {
            answersWereLost = true
            return orphans.append(abandoned.step)
        }
        guard abandoned.answer == nil, random.chance(50) else { return }
        _ = run(abandoned.step)
    }
}
