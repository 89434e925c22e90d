internal import BlockABI

// The queues of a live device: who watches them, and the queue scope of recovery: the backend of one queue is opened
// anew and its requests are replayed, while the device, its worker and the other queues go on.
extension DeviceMachine {
    mutating func handleQueues(_ event: DeviceEvent, _ live: Live) {
        // Nothing is mended in a worker that is on its way out.
        guard dying == nil, !live.isReplacing else { return lookAtLeaving(event, live) }
        var l = live
        switch event {
        case .looked(let samples, let diskInflight, let hasServed):
            judgeTrial(&l, diskInflight: diskInflight, hasServed: hasServed)
            looked(&l, samples, diskInflight)
        case .recoverQueues(let queues):
            for queue in queues where l.repairs[queue] == nil || l.repairs[queue]?.step == .failed {
                open(queue, &l, .operatorAsked, isStopped: l.repairs[queue]?.isStopped ?? false)
            }
        case .queueNeedsBackend(let id, let queue, let errno) where id == l.worker.id:
            needsBackend(queue, &l, errno)
        case .backendOpened(let queue):
            guard l.repairs[queue]?.step == .opening else { return }
            l.repairs[queue]?.step = .rebuilding
            emit(.recoverQueue(l.worker.id, queue: queue))
        case .backendNotOpened(let queue, let failure, let errno): notOpened(queue, &l, failure, errno)
        case .queueRecovered(let id, let queue) where id == l.worker.id: recovered(queue, &l)
        case .queueNotRecovered(let id, let queue, let errno) where id == l.worker.id:
            log(
                .error, "queue \(queue) could not go on with its backend (\(errno)): its worker is replaced")
            l = withoutHandOver(l, Failure(.none, "a queue could not go on"))
            dismiss(l.worker)
            return lostWorker(l, l.repairs[queue]?.record.cause ?? .backend, delay: 0)
        case .timer(.repair):
            for (queue, repair) in l.repairs.sorted(by: { $0.key < $1.key })
            where repair.nextAttempt.map({ $0 <= now }) ?? false {
                l.repairs[queue]?.step = .opening
                l.repairs[queue]?.nextAttempt = nil
                emit(.openBackend(queue: queue))
            }
            armRepair(l)
        default: return
        }
        phase = .live(l)
    }

    // MARK: - Signs of life

    /// A worker that leaves and may take its time for it must go on giving signs of life.
    private mutating func lookAtLeaving(_ event: DeviceEvent, _ live: Live) {
        guard case .looked(let samples, let diskInflight, _) = event, dying == nil, !settings.reissues,
            live.handOver?.step == .leaving
        else { return }
        var l = live
        watch(&l, samples, diskInflight)
        if dying == nil, l.handOver?.isLate == true, samples.allSatisfy({ $0.inflight == 0 }) {
            // It was not told to leave, and nothing fails with it.
            dismiss(l.worker)
            arm(.step, afterMilliseconds: Self.deathTime)
        }
        phase = .live(l)
    }

    private mutating func looked(_ l: inout Live, _ samples: [QueueSample], _ diskInflight: Int) {
        if l.isUnseen {
            // What was told meanwhile is not told again.
            l.isUnseen = false
            for (queue, sample) in samples.enumerated()
            where sample.recovery != .none && l.repairs[queue] == nil {
                open(queue, &l, .backend, isStopped: sample.recovery == .recovering)
            }
        }
        watch(&l, samples, diskInflight)
    }

    private mutating func watch(_ l: inout Live, _ samples: [QueueSample], _ diskInflight: Int) {
        switch l.watch.look(samples, diskInflight: diskInflight, limit: settings.stallTimeout, at: now) {
        case .fine: break
        case .probe: emit(.probeQueues(l.worker.id))
        case .stalled(let queues):
            let names = queues.map { "\($0)" }.joined(separator: ", ")
            log(
                .error,
                "queue \(names) has I/O in flight and gave no sign of life for \(settings.stallTimeout) ms: worker \(l.worker.pid) is killed"
            )
            l = withoutHandOver(l, Failure(.none, "a queue thread is stalled"))
            l.isStalled = true
            dismiss(l.worker)
            arm(.step, afterMilliseconds: Self.deathTime)
        }
    }

    // MARK: - Recovery in place

    private mutating func open(_ queue: Int, _ l: inout Live, _ cause: RecoveryCause, isStopped: Bool) {
        var record = RecoveryRecord(cause: cause, detected: now)
        record.scope = .queue
        l.repairs[queue] = QueueRecovery(record: record, isStopped: isStopped)
        emit(.openBackend(queue: queue))
    }

    private mutating func needsBackend(_ queue: Int, _ l: inout Live, _ errno: Errno) {
        let cause: RecoveryCause = errno == .timedOut ? .stall : .backend
        let why =
            switch errno {
            case .timedOut: "a request was longer with its backend than request_timeout"
            case .inputOutput: "a read met the end of its backend, which was cut off or is gone"
            default: "its backend failed (\(errno))"
            }
        guard let repair = l.repairs[queue] else {
            log(.warning, "queue \(queue) is recovered in place: \(why)")
            return open(queue, &l, cause, isStopped: true)
        }
        l.repairs[queue]?.isStopped = true
        guard repair.step == .rebuilding else { return }
        // What was just opened is of no use either.
        l.repairs[queue]?.step = .waiting
        tryLater(queue, &l)
    }

    private mutating func notOpened(_ queue: Int, _ l: inout Live, _ failure: Failure, _ errno: Errno) {
        guard let repair = l.repairs[queue], repair.step == .opening else { return }
        log(
            repair.attempts == 0 ? .error : .debug,
            "queue \(queue) was not recovered: \(failure.message)")
        emit(.queueNotRecovered(queue, failure))
        guard repair.isStopped || repair.attempts > 0 else {
            // It serves with the backend it has: an operator's wish that could not be met.
            l.repairs[queue] = nil
            return
        }
        if errno.isNoAnswer && repair.isStopped {
            // Nobody knows whether it is there: what waits goes on waiting.
            l.repairs[queue]?.step = .waiting
            l.repairs[queue]?.failure = failure
            return tryLater(queue, &l)
        }
        if repair.isStopped { emit(.giveUpQueue(l.worker.id, queue: queue, errno)) }
        l.repairs[queue]?.isStopped = false
        l.repairs[queue]?.step = .failed
        l.repairs[queue]?.failure = failure
        tryLater(queue, &l)
    }

    private mutating func tryLater(_ queue: Int, _ l: inout Live) {
        let attempts = l.repairs[queue]?.attempts ?? 0
        let delay = min(
            max(settings.restartDelay, 10) << UInt64(min(attempts, 20)), max(settings.restartDelayMax, 10))
        l.repairs[queue]?.attempts = attempts + 1
        l.repairs[queue]?.nextAttempt = now.adding(milliseconds: withJitter(delay))
        armRepair(l)
    }

    private mutating func armRepair(_ l: Live) {
        guard let next = l.repairs.values.compactMap(\.nextAttempt).min() else { return }
        emit(.arm(.repair, next))
    }

    private mutating func recovered(_ queue: Int, _ l: inout Live) {
        guard let repair = l.repairs.removeValue(forKey: queue) else { return }
        var record = repair.record
        record.live = now
        lastRecovery = record
        emit(.queueRecovered(queue))
        log(
            .notice,
            "queue \(queue) was recovered in place in \(now.milliseconds(since: record.detected)) ms; its requests were replayed"
        )
    }
}
