import BlockABI
import DevicePolicy
import LinuxSys
import Systemd

/// Keeps unspecialised workers ready, so that a recovery does not wait for a program to start.
final class WorkerPool {
    private let loop: EventLoop
    /// Where the program is installed.
    private let path: String
    /// The program in use: as it was when ublkd began, or at the last `renew`. Nil: it was not there.
    private var program: WorkerProgram?
    private let log: HostLog
    private var spares: [WorkerProcess] = []
    /// Killed and not gone yet, and of no device.
    private var ending: [WorkerProcess] = []
    private var nextID: UInt32 = 1
    private var refill: Source?
    private var waiting: [(program: WorkerProgram?, give: (Result<WorkerProcess, Errno>) -> Void)] = []
    private var spawning: Source?
    /// Failures in a row: a program that cannot run is not started in a tight loop.
    private var failures = 0
    var wanted: Int {
        didSet { scheduleRefill() }
    }

    init(loop: EventLoop, program: String, wanted: Int, log: HostLog) {
        self.loop = loop
        path = program
        self.program = try? WorkerProgram(at: program)
        self.wanted = wanted
        self.log = log
    }

    var readySpares: Int { spares.count(where: \.isReady) }

    /// Goes over to the program that is installed now. Workers that serve stay; spares of another program go.
    func renew() throws(Errno) {
        let installed = try WorkerProgram(at: path)
        guard program.map({ !installed.isSame(as: $0) }) ?? true else { return }
        program = installed
        for spare in spares { end(spare) }
        spares = []
        scheduleRefill()
    }

    /// Gives a worker for one device, from then on the caller's: a spare at once if there is one, else a new
    /// process, one a turn of the loop, so that many of them hold up nobody else. `former`: from this program and
    /// no other.
    func take(from former: WorkerProgram? = nil, _ give: @escaping (Result<WorkerProcess, Errno>) -> Void) {
        defer { scheduleRefill() }
        if former == nil, waiting.isEmpty,
            let index = spares.firstIndex(where: \.isReady) ?? spares.indices.first
        {
            let worker = spares.remove(at: index)
            worker.onReply = { _ in }
            worker.onDeath = { _ in }
            return give(.success(worker))
        }
        waiting.append((former, give))
        scheduleSpawn()
    }

    private func scheduleSpawn() {
        guard spawning == nil, !waiting.isEmpty else { return }
        spawning = try? loop.addTimer(afterMilliseconds: 2) { [weak self] in
            guard let self, !self.waiting.isEmpty else { return }
            self.spawning = nil
            let next = self.waiting.removeFirst()
            self.scheduleSpawn()
            do throws(Errno) {
                next.give(.success(try self.spawn(next.program)))
            } catch {
                next.give(.failure(error))
            }
        }
    }

    /// Registers a worker that an earlier ublkd started.
    func adopt(
        _ identity: ProcessIdentity, pidfd: consuming Fd, channel: SharedChannel?
    ) throws(Errno) -> WorkerProcess {
        let worker = WorkerProcess(
            id: makeID(), pid: identity.pid, pidfd: pidfd, channel: channel, isReady: true)
        worker.identity = identity
        try worker.watch(in: loop)
        return worker
    }

    /// Kills a worker that no device waits for any more, and takes its end, so that no zombie is left.
    func end(_ worker: WorkerProcess) {
        ending.append(worker)
        worker.onReply = { _ in }
        worker.onDeath = { [weak self, weak worker] _ in self?.ending.removeAll { $0 === worker } }
        worker.kill()
    }

    func end() {
        refill = nil
        spawning = nil
        waiting = []
        for spare in spares { spare.kill() }
        spares = []
    }

    /// Milliseconds after a spare was taken: the recovery that took it is over by then, and starting a
    /// program in the middle of it would cost it time.
    private static let refillDelay: UInt64 = 400

    /// Fills up once there is nothing more urgent to do.
    private func scheduleRefill() {
        guard refill == nil, spares.count < wanted else { return }
        let delay = max(Self.refillDelay, failures == 0 ? 0 : min(100 << UInt64(min(failures, 7)), 10_000))
        refill = try? loop.addTimer(afterMilliseconds: delay) { [weak self] in self?.fill() }
    }

    private func fill() {
        refill = nil
        guard spares.count < wanted else { return }
        do throws(Errno) {
            let worker = try spawn()
            worker.onDeath = { [weak self, weak worker] cause in
                guard let self, let worker else { return }
                self.failures += 1
                self.spares.removeAll { $0 === worker }
                self.log.write(.warning, "a spare worker ended before it was used (\(cause.words))")
                self.scheduleRefill()
            }
            worker.onReply = { [weak self, weak worker] reply in
                guard let self else { return }
                switch reply {
                case .hello: self.failures = 0
                case .failed(_, _, let what):
                    self.log.write(.error, "\(what)")
                    worker?.kill()
                default: worker?.kill()
                }
            }
            spares.append(worker)
        } catch {
            failures += 1
            log.write(.error, "\(path) does not start: \(error)")
        }
        scheduleRefill()
    }

    private func spawn(_ former: WorkerProgram? = nil) throws(Errno) -> WorkerProcess {
        if program == nil { program = try WorkerProgram(at: path) }
        let pair = try Channel.pair()
        let child = try Child.spawn(
            path: (former ?? program)?.path ?? path, arguments: ["ublkd-worker"],
            environment: ["SWIFT_BACKTRACE=enable=no"],
            descriptors: [pair.theirs.raw])
        let worker = WorkerProcess(
            id: makeID(), pid: child.pid, pidfd: try child.pidfd.duplicate(),
            channel: SharedChannel(Channel(pair.ours)),
            isReady: false)
        try worker.watch(in: loop)
        return worker
    }

    private func makeID() -> WorkerID {
        defer { nextID += 1 }
        return WorkerID(rawValue: nextID)
    }
}

extension ExitCause {
    var words: String { deathCause.words }

    var deathCause: DeathCause {
        switch self {
        case .exited(let code): .exited(code)
        case .signalled(let number): .signalled(number)
        case .unknown: .unknown
        }
    }
}
