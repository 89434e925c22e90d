import BlockABI
import DevicePolicy

// What can happen next, and what happens then.
extension FakeWorld {
    enum Happening {
        case giveWorker
        case workerGoesOn(Int)
        case workerEnds(Int)
        case tellReply(Int)
        case tellDeath(Int)
        case tearDown
        case tellSubmission
        case execute
        case answer
        case executeOrphan
        case returnLost
        case tellState
        case tellHolders
        case answerProbe
        case grantSlot
        case tellClosed
        case deletionEnds
        case unstick(Int)
        case fire(DeviceTimer)
        case agentCancels
        case late
        case lose
    }

    /// Everything that may be next by itself.
    func possible() -> [Happening] {
        var next: [Happening] = []
        next.reserveCapacity(16)
        if workersWanted > 0 { next.append(.giveWorker) }
        addWorkers(to: &next)
        if canTearDown { next.append(.tearDown) }
        if kernel.isDeleted && kernel.holder == nil && !kernel.isOpen && kernel.exists {
            next.append(.deletionEnds)
        }
        addCommand(to: &next)
        if !orphans.isEmpty { next.append(.executeOrphan) }
        if lostStep != nil && random.chance(isCalm ? 100 : 10) { next.append(.returnLost) }
        if queries > 0 { next.append(.tellState) }
        if holderSearches > 0 { next.append(.tellHolders) }
        if canAnswerProbe { next.append(.answerProbe) }
        if slot == .asked { next.append(.grantSlot) }
        if machine.removalPending && !kernel.isOpen && random.chance(30) { next.append(.tellClosed) }
        for timer in DeviceTimer.allCases {
            if let at = timers[timer], at <= now { next.append(.fire(timer)) }
        }
        return next
    }

    private func addWorkers(to next: inout [Happening]) {
        for index in workers.indices where !workers[index].isTold {
            if !workers[index].mail.isEmpty { next.append(.tellReply(index)) }
            if !workers[index].isAlive {
                next.append(.tellDeath(index))
                continue
            }
            if workers[index].isStuck {
                if isCalm && lasting != .stuckWorker { next.append(.unstick(index)) }
                continue
            }
            if workers[index].isLeaving { next.append(.workerEnds(index)) }
            if workers[index].task != .idle && !workers[index].wasKilled && !workers[index].hangs
                && canGoOn(workers[index])
            {
                next.append(.workerGoesOn(index))
            }
        }
    }

    private func addCommand(to next: inout [Happening]) {
        guard let command else { return }
        if !command.isSubmissionTold && command.step.isSubmissionTold { next.append(.tellSubmission) }
        guard command.answer == nil else { return next.append(.answer) }
        if canExecute { next.append(.execute) }
        guard now >= command.due else { return }
        next.append(!command.isCancelled ? .agentCancels : command.isLate ? .lose : .late)
    }

    private var canTearDown: Bool {
        kernel.canTearDown(isFenced: now < fencedUntil, isSeen: now >= unseenUntil)
    }

    /// The time at which something becomes possible that is not now.
    var nextDue: UInt64? {
        var due = timers.next(after: now) ?? .max
        func consider(_ time: UInt64) { if time > now { due = min(due, time) } }
        if let command, command.answer == nil { consider(command.due) }
        if kernel.holderIsDead {
            consider(fencedUntil)
            consider(unseenUntil)
        }
        if machine.removalPending && !kernel.isOpen { consider(now + 500) }
        return due == .max ? nil : due
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
        case .tellReply(let index): tell(workers[index].mail.removeFirst())
        case .tellDeath(let index): tellDeath(index)
        case .tearDown:
            note("ublkcN is torn down")
            kernel.tearDown()
        case .tellSubmission:
            guard let step = command?.step else { return }
            command?.isSubmissionTold = true
            tell(.controlSubmitted(step))
        case .execute: execute()
        case .answer: answer()
        case .executeOrphan: executeOrphan()
        case .returnLost: returnLost()
        case .tellState: tellState()
        case .tellHolders:
            holderSearches -= 1
            tell(.holders(kernel.isHeldByStranger ? ["process 4711 (cp)"] : []))
        case .answerProbe: answerProbe()
        case .grantSlot:
            slot = .held
            tell(.slotGranted)
        case .tellClosed: tell(.closed)
        case .deletionEnds: kernel.finishDeletion()
        case .unstick(let index): workers[index].isStuck = false
        case .fire(let timer):
            timers[timer] = nil
            tell(.timer(timer))
        case .agentCancels: command?.isCancelled = true
        case .late:
            command?.isLate = true
            if let step = command?.step { tell(.controlLate(step)) }
        case .lose: lose()
        }
    }

    private func tellState() {
        queries -= 1
        if kernel.exists && !kernel.isDeleted {
            knowledge.isToldLive = kernel.state == .live
            tell(.deviceInfo(kernel.state, pid: kernel.state == .dead ? 0 : 1))
        } else {
            knowledge.isToldGone = true
            tell(.deviceGone)
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
            let isBroken = now < brokenUntil || !isCalm && random.chance(8)
            if isBroken && !worker.answersErrors { return reject(id, .missing) }
            let found = !isCalm && random.chance(2) ? BackendFacts(size: 4096) : backend
            say(.workerPrepared(id, found), by: id)
        case .makeReady:
            update(id) { $0.task = .idle }
            if !isCalm && random.chance(8) { return reject(id, .missing) }
            say(.workerReady(id), by: id)
        case .attach(let fetchNow):
            let result = kernel.open(pid: worker.ref.pid)
            update(id) { $0.task = fetchNow ? .fetch : .idle }
            guard result == 0 else { return reject(id, Failure(.none, "open: \(result)")) }
            if !fetchNow { say(.workerAttached(id), by: id) }
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
            say(.workerServing(id), by: id)
        }
    }

    /// The worker says why and leaves by itself, if it is not killed before.
    private func reject(_ id: WorkerID, _ failure: Failure) {
        update(id) { $0.isLeaving = true }
        say(.workerFailed(id, failure), by: id)
    }

    func say(_ event: DeviceEvent, by id: WorkerID) {
        note("worker \(id) says \(event)")
        update(id) { $0.mail.append(event) }
    }

    /// What it said last is read before.
    private func tellDeath(_ index: Int) {
        while !workers[index].mail.isEmpty { tell(workers[index].mail.removeFirst()) }
        workers[index].isTold = true
        let worker = workers[index]
        tell(
            .workerDied(
                worker.ref.id, worker.wasKilled ? .signalled(9) : .exited(1), served: worker.hasServed))
    }

    func end(_ index: Int) {
        if workers[index].isConfigured { coverage.meet(.workerDeath, self) }
        // Requests come only to the server of a LIVE disk, so only its death leaves some in flight.
        let mayHaveIO = workers[index].isServing && kernel.state == .live
        let isInside = workers[index].task == .fetch && random.chance(10)
        workers[index].isAlive = false
        note("worker \(workers[index].ref.id) ends")
        kernel.died(pid: workers[index].ref.pid, insideQueue: isInside)
        guard mayHaveIO && !isCalm else { return }
        if random.chance(15) { fencedUntil = now + UInt64(random.below(30_000)) }
        if !kernel.hasSpareTag && random.chance(50) { unseenUntil = now + 30_000 }
    }

    private var canAnswerProbe: Bool {
        guard let id = probed, let worker = workers.first(where: { $0.ref.id == id }) else { return false }
        return worker.isAlive && !worker.isStuck && !worker.isWedged && worker.isServing
    }

    private func answerProbe() {
        guard let id = probed else { return }
        probed = nil
        knowledge.answeredProbe = id
        tell(.probeAnswered(id))
    }

    /// A server whose disk was stopped or quiesced gets its commands back and leaves.
    func abortServer() {
        guard kernel.hasStarted, kernel.state == .dead || kernel.isQuiesced else { return }
        for index in workers.indices
        where workers[index].isAlive && workers[index].isServing && !workers[index].isWedged {
            // A queue thread that waits below gets them late.
            if !workers[index].isLeaving && !isCalm && random.chance(5) {
                workers[index].isWedged = true
            } else {
                workers[index].isLeaving = true
            }
        }
    }
}

extension ControlStep {
    fileprivate var isSubmissionTold: Bool { servedBy != nil }
}
