import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// The imperative shell: performs what a device's policy asks for. Every answer comes back as an event; one
// that is known at once waits in the queue until all effects of the present event are performed.
extension Supervisor {
    func perform(_ effect: DeviceEffect, of device: Device) {
        switch effect {
        case .takeWorker: giveWorker(to: device)
        case .takeNewProgram: giveNewProgram(to: device)
        case .configure(let id, let failing): configure(id, of: device, failing: failing)
        case .configureBeside(let id): configure(id, of: device, failing: false, beside: true)
        case .admit(let id): send(.admit, to: id, of: device)
        case .rollBackProgram: rollBackProgram(of: device)
        case .programProven:
            device.formerProgram = nil
            device.program = nil
        case .handOverEnded(let failure): handOverEnded(device, failure)
        case .attach(let id, let number, let fetchNow): attach(id, of: device, number, fetchNow: fetchNow)
        case .fetch(let id): send(.fetch, to: id, of: device)
        case .probe(let id): beginProbe(id, of: device)
        case .probeQueues(let id): probeQueues(id, of: device)
        case .openBackend(let queue): openBackend(for: queue, of: device)
        case .recoverQueue(let id, let queue): recoverQueue(queue, by: id, of: device)
        case .giveUpQueue(let id, let queue, let errno):
            send(.giveUpQueue(UInt16(queue), errno), to: id, of: device)
        case .queueRecovered(let queue):
            save(device, worker: device.machine.worker)
            queueSettled(queue, of: device)
        case .queueNotRecovered(let queue, let failure): queueSettled(queue, of: device, failure)
        case .kill(let id): device.workers[id]?.kill()
        case .control(let step): command(step, of: device)
        case .cancelControl(let step):
            if let under = device.controlToken, under.step == step { agents.cancel(under.token) }
        case .queryDevice: query(device)
        case .findHolders: findHolders(of: device)
        case .requestSlot:
            if slots.request(device.name) { post(.slotGranted, to: device) }
        case .releaseSlot: grant(slots.release(device.name))
        case .arm(let timer, let at):
            device.timers[timer] = try? loop.addTimer(atNanoseconds: at.nanoseconds) {
                [weak self, weak device] in
                guard let self, let device else { return }
                device.timers[timer] = nil
                self.handle(.timer(timer), of: device)
            }
        case .disarm(let timer): device.timers[timer] = nil
        case .deviceAdded(let id): deviceAdded(device, id)
        case .deviceDeleted: deviceDeleted(device)
        case .becameLive(let recovery): becameLive(device, recovery)
        case .resized(let bytes): resized(device, bytes)
        case .stopRefused:
            stopRefused(device)
            // A look that fell into the attempt was the last one. The next one is not put off by each attempt.
            if case .live = device.machine.phase, device.lookTimer == nil { watchQueues(of: device) }
        case .removed: forget(device)
        case .log(let level, let text): log.write(level, text, device: device.name)
        }
    }

    func grant(_ names: [String]) {
        for name in names {
            if let next = devices[name] { post(.slotGranted, to: next) }
        }
    }

    // MARK: - Workers

    func giveWorker(to device: Device) {
        if let failure = preflight(device) { return post(.workerUnavailable(failure), to: device) }
        do throws(Errno) {
            try makePage(for: device)
        } catch {
            let failure = Failure(.none, "no memory for its status page or its contents: \(error)")
            return post(.workerUnavailable(failure), to: device)
        }
        workers.take(from: device.program) { [weak self, weak device] result in
            guard let self else { return }
            guard let device, self.devices[device.name] === device else {
                if case .success(let worker) = result { self.workers.end(worker) }
                return
            }
            switch result {
            case .success(let worker):
                self.own(worker, by: device)
                self.post(.workerGiven(worker.ref), to: device)
            case .failure(let errno):
                let failure = Failure(
                    .none, "no worker could be started from \(self.options.worker): \(errno)")
                self.post(.workerUnavailable(failure), to: device)
            }
        }
    }

    /// Listens to a worker on behalf of its device.
    func own(_ worker: WorkerProcess, by device: Device) {
        device.workers[worker.id] = worker
        worker.onReply = { [weak self, weak device, id = worker.id] reply in
            if let self, let device { self.heard(reply, from: id, of: device) }
        }
        worker.onDeath = { [weak self, weak device, id = worker.id, pid = worker.pid] cause in
            guard let self, let device else { return }
            let served = device.hasServed(pid: pid)
            if let page = device.page, page.page.header.workerPID == pid {
                self.handle(.diedWith(id, Set(page.page.requests())), of: device)
            }
            // Without recovery the kernel has no disk any more, though nobody asked for that.
            if device.configuration.recovery == .none, device.machine.isLive, device.machine.worker?.id == id
            {
                device.isLostWithWorker = true
            }
            device.workers[id] = nil
            device.openedBackends = [:]
            if device.probe?.worker == id { device.probe = nil }
            self.handle(.workerDied(id, cause.deathCause, served: served), of: device)
        }
    }

    private func preflight(_ device: Device) -> Failure? {
        if let defect { return Failure(.kernelUnrecoverable, defect.message) }
        if let refusal = device.configuration.refusal(by: traits) { return refusal }
        // It may have been created since it was looked for.
        if workerUser == nil { workerUser = Self.user(configuration.daemon.workerUser) }
        guard workerUser != nil else {
            return Failure(
                .noWorkerUser,
                "the user '\(configuration.daemon.workerUser)' does not exist: create it, or set worker_user = \"root\""
            )
        }
        if device.configuration.target == .memory, device.machine.deviceID != nil, device.memory == nil {
            return Failure(
                .backingMissing,
                "its contents were lost with ublkd and worker: `ublkctl stop --force` and `start` make it anew, empty"
            )
        }
        return nil
    }

    private func makePage(for device: Device) throws(Errno) {
        let queues = device.configuration.queues
        let depth = traits.tags(forQueueDepth: device.configuration.queueDepth)
        if device.page == nil || device.page?.page.queues != queues || device.page?.page.depth != depth {
            let page = SharedPage(try StatusPage.create(queues: queues, depth: depth))
            device.page = page
            store.replace(with: page.page.fd.raw, as: .page(device.name))
        }
        if device.configuration.target == .memory, device.memory == nil {
            let memory = SharedFd(
                try SharedMemory.create(name: "ublkd-\(device.name)", size: device.configuration.size ?? 0))
            device.memory = memory
            store.keep(memory.fd, as: .memory(device.name))
        }
    }

    /// `beside`: another worker still has the backend.
    private func configure(_ id: WorkerID, of device: Device, failing: Bool, beside: Bool = false) {
        guard let user = workerUser, let page = device.page else { return }
        // A disk that exists keeps its backend; one that is made anew takes what is there now.
        let hasDisk = device.machine.deviceID != nil
        var spec = device.configuration.workerSpec(
            known: hasDisk ? device.machine.facts : nil,
            diskBlock: hasDisk ? device.parameters?.logicalBlock : nil,
            failing: failing, traits: traits, user: user)
        spec.opensOnOrder = beside
        device.workers[id]?.configuration = device.configuration
        var descriptors = [page.page.fd.raw]
        if let memory = device.memory, !failing { descriptors.append(memory.fd.raw) }
        send(.configure(spec), to: id, of: device, descriptors: descriptors)
    }

    private func attach(_ id: WorkerID, of device: Device, _ number: UInt32, fetchNow: Bool) {
        guard let worker = device.workers[id], let end = worker.channel?.descriptor else { return }
        // With this order it outlives ublkd, so the next one must find it. A recovery saw to that when the worker was prepared:
        // here applications wait.
        if !isRecovering(device, by: worker) { save(device, worker: worker.ref) }
        send(
            .attach(device: number, fetchNow: fetchNow, affinity: affinity(of: device, number)), to: id,
            of: device,
            descriptors: [end])
        store.replace(with: end, as: .socket(device.name))
    }

    /// A recovery, whose record names this worker already.
    private func isRecovering(_ device: Device, by worker: WorkerProcess) -> Bool {
        guard case .recovering = device.machine.phase, let record = device.savedRecord else { return false }
        return record.workerPID == worker.pid && record.workerStart == worker.identity?.startTime
    }

    /// The kernel's CPUs of each queue, where the configuration names none. Asked once for a disk: a
    /// recovery has no time for it.
    func affinity(of device: Device, _ number: UInt32) -> [[Int32]] {
        guard device.configuration.cpus == nil else { return [] }
        if device.affinity.isEmpty {
            device.affinity = (0..<device.configuration.queues).map {
                (try? control.affinity(of: number, queue: UInt16($0))) ?? []
            }
        }
        return device.affinity
    }

    func send(
        _ request: WorkerRequest, to id: WorkerID, of device: Device, descriptors: [Int32] = []
    ) {
        guard let worker = device.workers[id] else { return }
        do throws(Errno) {
            try worker.send(request, descriptors: descriptors)
        } catch {
            // Its death is on its way; should it live, it is of no use.
            log.write(.warning, "worker \(worker.pid) does not take orders (\(error))", device: device.name)
            worker.kill()
        }
    }

    private func heard(_ reply: WorkerReply, from id: WorkerID, of device: Device) {
        switch reply {
        case .hello, .ended: break
        case .prepared(let facts): prepared(facts, id, device)
        case .ready: handle(.workerReady(id), of: device)
        case .attached: handle(.workerAttached(id), of: device)
        case .serving: handle(.workerServing(id), of: device)
        case .queueNeedsBackend(let queue, let errno):
            handle(.queueNeedsBackend(id, queue: Int(queue), errno), of: device)
        case .queueRecovered(let queue): handle(.queueRecovered(id, queue: Int(queue)), of: device)
        case .queueNotRecovered(let queue, let errno):
            handle(.queueNotRecovered(id, queue: Int(queue), errno), of: device)
        case .failed(let stage, let errno, let what):
            handle(.workerFailed(id, Failure(stage, errno, what)), of: device)
        }
    }

    private func prepared(_ facts: BackendFacts, _ id: WorkerID, _ device: Device) {
        if let failure = refusal(of: facts, for: device) {
            device.workers[id]?.kill()
            return handle(.workerFailed(id, failure), of: device)
        }
        // Of a disk that exists they cannot change any more.
        if device.machine.deviceID == nil || device.parameters == nil {
            device.parameters = DeviceParameters(facts, device.configuration)
        }
        handle(.workerPrepared(id, facts), of: device)
        // Its record must name it before it is told to attach. Here that is written while the driver takes the dead worker's
        // requests back; later the applications would wait for it.
        if case .recovering = device.machine.phase, let worker = device.workers[id] {
            save(device, worker: worker.ref)
        }
    }

    /// Why this backend cannot be the device's.
    private func refusal(of facts: BackendFacts, for device: Device) -> Failure? {
        if facts.size < 4096 {
            return Failure(.backingError, "the backend has \(facts.size) bytes: a disk needs 4096")
        }
        guard device.machine.deviceID == nil else { return nil }
        if let block = device.configuration.blockSize, block < facts.logicalBlock {
            return Failure(
                .backingError,
                "block_size = \(block) is smaller than the \(facts.logicalBlock) bytes of its backend: raise it, or set direct_io = false"
            )
        }
        // Nobody has its lock while the worker of its disk is dead: a disk keeps its backend even then.
        if let owner = devices.values.first(where: { $0 !== device && $0.owns(facts) }) {
            return Failure(
                .backingError,
                "its backend is that of device '\(owner.name)', by another name; one alone may serve it")
        }
        return nil
    }
}

extension Failure {
    /// What a worker said of itself.
    init(_ stage: WorkerStage, _ errno: Errno, _ what: String) {
        let reason: Reason =
            switch stage {
            case .backendMissing: .backingMissing
            case .backendChanged: .backingChanged
            case .backendError: .backingError
            case .version, .resources, .device, .privileges, .fetch: .none
            }
        self.init(reason, errno.rawValue == 0 ? what : "\(what): \(errno)")
    }
}
