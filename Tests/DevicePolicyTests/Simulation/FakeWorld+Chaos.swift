import BlockABI
import DevicePolicy

// Faults, operators and other tools.
extension FakeWorld {
    func disturb() {
        switch random.below(20) {
        case 0, 1, 2, 3: killSomebody()
        case 4:
            guard let index = random.pick(Array(workers.indices)) else { return }
            workers[index].isStuck = workers[index].isAlive
        case 5:
            for index in workers.indices where workers[index].isStuck { workers[index].isStuck = false }
        case 6:
            guard let index = random.pick(Array(workers.indices)), workers[index].isServing else { return }
            workers[index].isWedged = true
        case 7:
            guard let worker = workers.last, worker.isAlive, worker.isServing, !worker.wasKilled else {
                return
            }
            update(worker.ref.id) { $0.isLeaving = true }
            tell(.workerFailed(worker.ref.id, Failure(.none, "a queue thread ended")))
        case 8, 9: kernel.isOpen = kernel.exists && !kernel.isOpen
        case 10: now += UInt64(random.below(20_000))
        case 11: foreignHolder.toggle()
        case 12: actAsOthers()
        case 13: spoilCommand()
        case 14: if random.chance(50) { crash() }
        default: operate()
        }
    }

    private func killSomebody() {
        let living = workers.indices.filter { workers[$0].isAlive && !workers[$0].isStuck }
        guard let index = random.pick(living) else { return }
        end(index)
    }

    private func actAsOthers() {
        guard kernel.exists, random.chance(30) else { return }
        prepareForOthers()
        othersActed = true
        if random.chance(50) {
            note("another tool stops the device")
            kernel.stopByOthers()
        } else {
            note("another tool deletes the device")
            kernel.deleteByOthers()
        }
        abortServer()
    }

    private func prepareForOthers() {
        kernel.isServerHealthy = workers.contains { $0.isAlive && $0.isServing && !$0.isWedged }
    }

    private func operate() {
        if case .removed = machine.phase { return }
        switch random.below(14) {
        case 0, 1, 2: tell(.start)
        case 3, 4, 5: tell(.recover)
        case 6, 7:
            tell(.stop(remove: false, force: false, isOpen: kernel.isOpen && machine.deviceID != nil))
        case 8: tell(.stop(remove: false, force: true, isOpen: kernel.isOpen))
        case 9: tell(.stop(remove: true, force: false, isOpen: kernel.isOpen && machine.deviceID != nil))
        case 10: tell(.replaceWorker)
        case 11: tell(.upgrade)
        case 12:
            backend.size += 4096
            tell(.grow(bytes: backend.size))
        default: break
        }
    }

    /// How the machine comes to its device: a start, or what an earlier ublkd left.
    func begin() {
        guard random.chance(35) else { return tell(.start) }
        var state = random.pick([KernelState.dead, .live, .live, .quiesced]) ?? .live
        if !scenario.settings.survivesWorker && state == .quiesced { state = .dead }
        let lives = random.chance(50)
        var worker: WorkerRef?
        if lives {
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
            case .quiesced where scenario.kernel == .classic: random.pick([.none, .some, .all]) ?? .all
            default: .none
            }
        // LIVE with a dead server stays so only while its file is held.
        kernel.leave(state, server: worker?.pid ?? (state == .live ? 999 : nil), ready: left)
        if worker == nil { kernel.died(pid: 999) }
        adopt(state, worker)
    }

    private func adopt(_ state: KernelState, _ worker: WorkerRef?) {
        isAdopting = true
        defer { isAdopting = false }
        tell(
            .adopt(
                Adoption(
                    deviceID: Self.device, state: state, worker: worker, facts: backend, recoveries: 1)))
    }

    /// ublkd dies with all that it remembered, and another one finds what is left. Workers that have ublkcN go on;
    /// those that wait for orders, and the agents, leave. What an agent had under way may have been done.
    private func crash() {
        if case .removed = machine.phase { return }
        note("--- ublkd dies")
        crashes += 1
        var wasStopped = false
        if case .stopped = machine.phase { wasStopped = true }
        abandonCommand()
        timers = [:]
        workersWanted = 0
        queries = 0
        holderSearches = 0
        probed = nil
        slot = .none
        isToldGone = false
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
        machine = DeviceMachine(
            name: "data", settings: scenario.settings, traits: scenario.kernel.traits, seed: UInt32(now))
        if kernel.exists && !kernel.isDeleted {
            adopt(kernel.state, server)
        } else if wasStopped {
            tell(.stop(remove: false, force: false, isOpen: false))
        } else {
            tell(.start)
        }
    }

    private func abandonCommand() {
        // A START_DEV in a lost agent could make a disk LIVE behind any successor's back.
        orphans.removeAll { if case .startDevice = $0 { true } else { false } }
        guard let abandoned = command else { return }
        command = nil
        if case .startDevice = abandoned.step, abandoned.ignoresCancel { return }
        if abandoned.ignoresCancel {
            answersWereLost = true
            return orphans.append(abandoned.step)
        }
        guard abandoned.answer == nil, random.chance(50) else { return }
        prepareForOthers()
        _ = kernel.execute(abandoned.step)
        abortServer()
    }
}

extension FakeWorld {
    func calmDown() {
        isCalm = true
        kernel.isOpen = false
        foreignHolder = false
        fencedUntil = min(fencedUntil, now + 5_000)
        command?.ignoresCancel = false
        for index in workers.indices { workers[index].isStuck = false }
    }

    /// A written-off agent, one that died with an answer, or another tool can leave a device in the kernel
    /// that the machine cannot know of.
    var mayHaveLostTheDevice: Bool { othersActed || answersWereLost }
}
