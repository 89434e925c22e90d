import BlockABI
import DevicePolicy

// What can happen next, and what happens then.
extension FakeWorld {
    enum Happening {
        case giveWorker
        case workerGoesOn(Int)
        case workerEnds(Int)
        case tellDeath(Int)
        case tearDown
        case tellSubmission
        case execute
        case answer
        case executeOrphan
        case tellState
        case tellHolders
        case answerProbe
        case grantSlot
        case tellClosed
        case deletionEnds
        case unstick(Int)
        case fire(DeviceTimer)
        case late
        case lose
        case passTime
    }

    /// Milliseconds that a cancelled command gets to end.
    private static var grace: UInt64 { 3_000 }

    /// Everything that may be next by itself.
    func possible() -> [Happening] {
        var next: [Happening] = []
        next.reserveCapacity(16)
        if workersWanted > 0 { next.append(.giveWorker) }
        for (index, worker) in workers.enumerated() where !worker.isTold {
            if !worker.isAlive {
                next.append(.tellDeath(index))
                continue
            }
            if worker.isStuck {
                if isCalm { next.append(.unstick(index)) }
                continue
            }
            if worker.isLeaving { next.append(.workerEnds(index)) }
            if worker.task != .idle && !worker.wasKilled && canGoOn(worker) {
                next.append(.workerGoesOn(index))
            }
        }
        if kernel.canTearDown && now >= fencedUntil { next.append(.tearDown) }
        if kernel.isDeleted && kernel.holder == nil && !kernel.isOpen && kernel.exists {
            next.append(.deletionEnds)
        }
        if let command {
            if command.answer != nil {
                next.append(.answer)
            } else {
                if !command.isSubmissionTold && command.step.isSubmissionTold { next.append(.tellSubmission) }
                if canExecute { next.append(.execute) }
            }
            if command.isLate && command.answer == nil {
                if now >= command.deadline + Self.grace { next.append(.lose) }
            } else if command.answer == nil && now >= command.deadline {
                next.append(.late)
            }
        }
        if !orphans.isEmpty { next.append(.executeOrphan) }
        if queries > 0 { next.append(.tellState) }
        if holderSearches > 0 { next.append(.tellHolders) }
        if probed != nil { next.append(.answerProbe) }
        if slot == .asked { next.append(.grantSlot) }
        if machine.removalPending && !kernel.isOpen && random.chance(30) { next.append(.tellClosed) }
        for (timer, at) in timers where at <= now { next.append(.fire(timer)) }
        return next
    }

    /// The time at which something becomes possible that is not now.
    var nextDue: UInt64? {
        var due = timers.values.filter { $0 > now }
        if let command, command.answer == nil {
            due.append(command.isLate ? command.deadline + Self.grace : command.deadline)
        }
        if fencedUntil > now && kernel.canTearDown { due.append(fencedUntil) }
        if machine.removalPending && !kernel.isOpen { due.append(now + 500) }
        return due.filter { $0 > now }.min()
    }

    private func canGoOn(_ worker: FakeWorker) -> Bool {
        // The driver says EBUSY while the last file is open; a worker asks again.
        if case .attach = worker.task {
            return kernel.holder == nil || kernel.holder == .worker(pid: worker.ref.pid)
        }
        return true
    }

    func happen(_ happening: Happening) {
        if random.chance(60) { now += UInt64(random.below(20)) }
        switch happening {
        case .giveWorker: giveWorker()
        case .workerGoesOn(let index): goOn(workers[index])
        case .workerEnds(let index): end(index)
        case .tellDeath(let index):
            workers[index].isTold = true
            let worker = workers[index]
            tell(
                .workerDied(
                    worker.ref.id, worker.wasKilled ? .signalled(9) : .exited(1), served: worker.hasServed))
        case .tearDown:
            note("ublkcN is torn down")
            kernel.tearDown()
        case .tellSubmission:
            guard let step = command?.step else { return }
            command?.isSubmissionTold = true
            tell(.controlSubmitted(step))
        case .execute: execute()
        case .answer:
            guard let done = command, let answer = done.answer else { return }
            command = nil
            if answer == -19 && done.step != .tryStopDevice { isToldGone = true }
            // After an error of ADD_DEV the shell looks whether a device with its mark is there.
            let added = done.step == .addDevice && kernel.exists
            if added { isToldGone = false }
            tell(.controlDone(done.step, result: answer, deviceID: added ? Self.device : nil))
        case .executeOrphan:
            let step = orphans.removeFirst()
            othersActed = true
            prepareKernel()
            if kernel.execute(step) == nil && random.chance(50) { orphans.append(step) }
            abortServer()
        case .tellState:
            queries -= 1
            if kernel.exists && !kernel.isDeleted {
                isToldLive = kernel.state == .live
                tell(.deviceInfo(kernel.state, pid: kernel.state == .dead ? 0 : 1))
            } else {
                isToldGone = true
                tell(.deviceGone)
            }
        case .tellHolders:
            holderSearches -= 1
            tell(.holders(foreignHolder ? ["process 4711 (cp)"] : []))
        case .answerProbe:
            guard let id = probed else { return }
            probed = nil
            guard let worker = workers.first(where: { $0.ref.id == id }), worker.isAlive, !worker.isWedged,
                worker.isServing
            else { return }
            answeredProbe = id
            tell(.probeAnswered(id))
        case .grantSlot:
            slot = .held
            tell(.slotGranted)
        case .tellClosed: tell(.closed)
        case .deletionEnds: kernel.finishDeletion()
        case .unstick(let index): workers[index].isStuck = false
        case .fire(let timer):
            timers[timer] = nil
            tell(.timer(timer))
        case .late:
            command?.isLate = true
            command?.isCancelled = true
            if let step = command?.step { tell(.controlLate(step)) }
        case .lose:
            guard let lost = command else { return }
            command = nil
            orphans.append(lost.step)
            answersWereLost = true
            tell(.controlLost(lost.step))
        case .passTime: if let due = nextDue { now = due }
        }
    }

    // MARK: - Workers

    private func giveWorker() {
        workersWanted -= 1
        if !isCalm && random.chance(8) {
            return tell(.workerUnavailable(.missing))
        }
        tell(.workerGiven(makeWorker()))
    }

    private func goOn(_ worker: FakeWorker) {
        let id = worker.ref.id
        switch worker.task {
        case .idle: break
        case .prepare:
            update(id) { $0.task = .idle }
            if fails(10) { return reject(id, .missing) }
            tell(.workerPrepared(id, !isCalm && random.chance(2) ? BackendFacts(size: 4096) : backend))
        case .makeReady:
            update(id) { $0.task = .idle }
            if fails(10) { return reject(id, .missing) }
            tell(.workerReady(id))
        case .attach(let fetchNow):
            let result = kernel.open(pid: worker.ref.pid)
            update(id) { $0.task = fetchNow ? .fetch : .idle }
            guard result == 0 else { return reject(id, Failure(.none, "open: \(result)")) }
            if !fetchNow { tell(.workerAttached(id)) }
        case .fetch:
            let result = kernel.fetch(pid: worker.ref.pid)
            guard result == 0 else {
                update(id) { $0.task = .idle }
                return reject(id, Failure(.none, "FETCH: \(result)"))
            }
            guard kernel.ready == .all else { return }
            update(id) {
                $0.task = .idle
                $0.isServing = true
            }
            tell(.workerServing(id))
        }
    }

    /// The worker says why and leaves by itself, if it is not killed before.
    private func reject(_ id: WorkerID, _ failure: Failure) {
        update(id) { $0.isLeaving = true }
        tell(.workerFailed(id, failure))
    }

    private func fails(_ percent: Int) -> Bool { !isCalm && random.chance(percent) }

    func end(_ index: Int) {
        // Requests come only to the server of a LIVE disk, so only its death leaves some in flight.
        let mayHaveIO = workers[index].isServing && kernel.state == .live
        workers[index].isAlive = false
        note("worker \(workers[index].ref.id) ends")
        kernel.died(pid: workers[index].ref.pid)
        if mayHaveIO && !isCalm && random.chance(15) { fencedUntil = now + UInt64(random.below(30_000)) }
    }

    // MARK: - Commands

    /// The command under way would come to an answer now.
    private var canExecute: Bool {
        guard let command, !command.ignoresCancel else { return false }
        if command.isCancelled && FakeKernel.isCancellable(command.step) { return true }
        prepareKernel()
        var kernel = kernel
        switch (command.step, kernel.execute(command.step)) {
        case (_, nil): return command.step == .deleteDevice && !self.kernel.isDeleted
        // The agent repeats it until its deadline.
        case (.startUserRecovery, -16): return false
        default: return true
        }
    }

    /// The agent's answer when the kernel gives none: it died, or something was short.
    func spoilCommand() {
        guard let step = command?.step, command?.answer == nil else { return }
        if random.chance(60) {
            // It dies before the kernel acted, or after.
            if random.chance(50) {
                prepareKernel()
                _ = kernel.execute(step)
                abortServer()
            }
            if command?.isLate == true && step == .deleteDevice { answersWereLost = true }
            command?.answer = -4
            return note("the agent of \(step) dies")
        }
        var answer = random.pick([-1, -5, -12, -11, -22, -125, -16]).map(Int32.init)
        if case .stopDevice = step, answer == -16 { answer = -12 }
        if case .startUserRecovery = step, answer == -22 || answer == -16 { answer = -1 }
        command?.answer = answer
        note("\(step) fails: \(answer ?? 0)")
    }

    private func prepareKernel() {
        kernel.isServerHealthy = workers.contains {
            $0.isAlive && $0.isServing && !$0.isWedged && kernel.holder == .worker(pid: $0.ref.pid)
        }
    }

    private func execute() {
        guard let step = command?.step else { return }
        if !isCalm && random.chance(3) { return spoilCommand() }
        prepareKernel()
        let answer = kernel.execute(step)
        if step == .addDevice && answer == 0 { orphans = [] }
        abortServer()
        if let text = kernel.violation { fail(text) }
        if let answer, command?.isCancelled == true || answer != -16 || !step.isRecoveryStart {
            if case .startDevice = step, answer == 0 { markServed() }
            if case .endUserRecovery = step, answer == 0 { markServed() }
            command?.answer = answer == -16 && step.isRecoveryStart && random.chance(30) ? -4 : answer
            note("\(step) = \(command?.answer ?? 0)")
        } else if command?.isCancelled == true && FakeKernel.isCancellable(step) {
            command?.answer = -4
            note("\(step) is cancelled")
        }
    }

    private func markServed() {
        for index in workers.indices where workers[index].isAlive && workers[index].isServing {
            workers[index].hasServed = random.chance(50)
        }
    }

    /// A server whose disk was stopped or quiesced gets its commands back and leaves.
    func abortServer() {
        guard kernel.hasStarted, kernel.state == .dead || kernel.isQuiesced else { return }
        for index in workers.indices where workers[index].isAlive && workers[index].isServing {
            workers[index].isLeaving = true
        }
    }
}

extension ControlStep {
    fileprivate var isRecoveryStart: Bool { if case .startUserRecovery = self { true } else { false } }

    fileprivate var isSubmissionTold: Bool {
        switch self {
        case .startDevice, .endUserRecovery: true
        default: false
        }
    }
}
