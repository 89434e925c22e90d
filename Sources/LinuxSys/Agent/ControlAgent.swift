internal import BlockABI
internal import CUblk
internal import Glibc

/// A control agent: the process that sends to the kernel what can block there. It decides nothing and keeps
/// nothing; ublkd writes it off when a command does not even answer its cancellation.
public enum ControlAgent {
    /// Serves requests until ublkd's end of the socket closes. Returns the exit status: 0, or 76 when what
    /// arrives is not of this protocol.
    public static func run(socket: consuming Fd) -> Int32 {
        cu_become_agent("ublkd-agent")
        do {
            return try AgentLoop(channel: Channel(socket), driver: KernelDriver()).run()
        } catch {
            complain("cannot set up its ring: \(error)")
            return 1
        }
    }

    static func complain(_ text: String) {
        let line = Array("ublkd-worker: control agent \(getpid()): \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}

/// The agent's loop. Never blocks but in its one poll.
final class AgentLoop<Driver: ControlDriver> {
    private let channel: Channel
    private let ring: ControlRing
    private let driver: Driver
    private let tasks: TaskReports
    private var running: [UInt64: AgentCommand] = [:]
    private var lastNumber: UInt64 = 0
    /// Tokens whose submission is to be told once the kernel has them.
    private var untold: [UInt64] = []

    /// Cancellations carry this number; what they answer says nothing that the command's own answer does not.
    private let cancelNumber: UInt64 = 0
    /// A cancellation that came too early is repeated after this time, nanoseconds.
    private let cancelAgain: UInt64 = 100_000_000
    /// How long a dead ublkd's commands get to end, nanoseconds.
    private let farewell: UInt64 = 200_000_000

    init(channel: consuming Channel, driver: Driver) throws(Errno) {
        self.channel = channel
        self.driver = driver
        ring = try ControlRing(commands: 256)
        tasks = try TaskReports()
    }

    func run() -> Int32 {
        reply(.hello(protocolVersion: ChildProtocol.version, pid: getpid()))
        while true {
            takeAnswers()
            let wake = serveTimes()
            if ring.unsubmitted { submit() }
            wait(until: ring.unsubmitted ? min(wake, Clock.monotonic() + 1_000_000) : wake)
            switch takeRequests() {
            case .open: continue
            case .closed: return leave()
            case .garbled: return 76
            }
        }
    }

    /// ublkd is gone: commands that wait are told to stop, so that the kernel can let this process go.
    private func leave() -> Int32 {
        for (number, command) in running { giveUp(number, command) }
        submit()
        let end = Clock.monotonic() + farewell
        while !running.isEmpty, Clock.monotonic() < end {
            wait(until: min(end, serveTimes()), requests: false)
            takeAnswers()
        }
        return 0
    }

    // MARK: Requests

    private enum Stream { case open, closed, garbled }

    private func takeRequests() -> Stream {
        while true {
            let incoming: Incoming
            do { incoming = try channel.receive(wait: false) } catch { return .garbled }
            switch incoming {
            case .wouldBlock: return .open
            case .closed: return .closed
            case .record(let bytes, let descriptors):
                for descriptor in descriptors { close(descriptor) }
                guard let request = try? AgentRequest(record: bytes) else {
                    ControlAgent.complain("a request that this version does not know; leaving")
                    return .garbled
                }
                begin(request)
            }
        }
    }

    private func begin(_ request: AgentRequest) {
        if case .cancel(let token) = request.work {
            for (number, command) in running where command.token == token { giveUp(number, command) }
            return
        }
        lastNumber += 1
        let number = lastNumber
        let deadline = request.deadline == 0 ? nil : Clock.monotonic() + UInt64(request.deadline) * 1_000_000
        do throws(Errno) {
            let kind = try start(request.work, as: number)
            let command = AgentCommand(token: request.token, kind: kind, deadline: deadline)
            running[number] = command
            if case .driver(let sent) = kind { send(sent, number, command) }
        } catch {
            finish(token: request.token, result: -error.rawValue)
        }
    }

    /// Starts what is not a command of the driver; such a command is only made ready.
    private func start(_ work: AgentWork, as number: UInt64) throws(Errno) -> AgentCommand.Kind {
        switch work {
        case .writeAttribute(let path, let value):
            let bytes = Array(value.utf8)
            try Errno.check(cu_task_write(tasks.report.raw, number, path, bytes, bytes.count))
            return .task(returnsDescriptor: false)
        case .openAttribute(let path, let writable):
            try Errno.check(cu_task_attribute(tasks.report.raw, number, path, writable ? 1 : 0))
            return .task(returnsDescriptor: true)
        case .setNodeAccess(let path, let uid, let gid, let mode):
            try Errno.check(cu_task_access(tasks.report.raw, number, path, uid, gid, mode))
            return .task(returnsDescriptor: false)
        case .syncFileSystem(let path):
            try Errno.check(cu_task_sync(tasks.report.raw, number, path))
            return .task(returnsDescriptor: false)
        case .compareBackend(let path, let identity):
            guard var backend = cu_backend_id(identity) else { throw .invalidArgument }
            try Errno.check(cu_task_compare(tasks.report.raw, number, path, &backend))
            return .task(returnsDescriptor: false)
        case .growBackend(let path, let identity, let size, let mayGrow):
            guard var backend = cu_backend_id(identity) else { throw .invalidArgument }
            backend.may_grow = mayGrow ? 1 : 0
            try Errno.check(cu_task_grow(tasks.report.raw, number, path, &backend, size))
            return .task(returnsDescriptor: false)
        case .openBackend(let path, let identity, let size, let readOnly, let directIO):
            guard var backend = cu_backend_id(identity) else { throw .invalidArgument }
            backend.read_only = readOnly ? 1 : 0
            backend.direct = directIO ? 1 : 0
            try Errno.check(cu_task_open(tasks.report.raw, number, path, &backend, size))
            return .task(returnsDescriptor: true)
        case .stopUnclaimedDevice(_, let node):
            guard let command = DriverCommand(work) else { throw .invalidArgument }
            try Errno.check(cu_task_claim(tasks.report.raw, number, node))
            return .claim(command)
        case .filler(let device, let queues, let depth):
            return .filler(
                Filler(try FillerProcess.spawn(device: device, queues: queues, queueDepth: depth)))
        default:
            guard let command = DriverCommand(work) else { throw .invalidArgument }
            return .driver(command)
        }
    }

    private func send(_ sent: DriverCommand, _ number: UInt64, _ command: AgentCommand) {
        guard let entry = ring.entry() else {
            // The kernel takes nothing now: one more attempt soon.
            command.kind = .waiting(sent, until: Clock.monotonic() + 1_000_000)
            return
        }
        do {
            try driver.prepare(entry, command: sent.command, payload: sent.payload, userData: number)
        } catch {
            // The entry is in the ring already: it becomes one that does nothing.
            io_uring_prep_nop(entry)
            entry.pointee.user_data = cancelNumber
            running[number] = nil
            finish(token: command.token, result: -error.rawValue)
            return
        }
        command.kind = .driver(sent)
        if sent.tellsSubmission { untold.append(command.token) }
        TestPoint.pass("agent.\(sent.command)")
        submit()
        TestPoint.pass("agent.sent.\(sent.command)")
    }

    /// Hands over what is prepared. Where the kernel is short of memory the loop tries again.
    private func submit() {
        try? ring.submit()
        guard !ring.unsubmitted else { return }
        for token in untold { reply(.submitted(token: token)) }
        untold = []
    }

    // MARK: Answers

    private func takeAnswers() {
        while let answer = ring.answer() {
            guard let command = running[answer.userData], case .driver(let sent) = command.kind else {
                continue
            }
            let now = Clock.monotonic()
            if answer.result == -EBUSY, let retry = sent.retryAfter, !command.isGivenUp {
                command.kind = .waiting(sent, until: now + retry)
                command.wasRefused = true
                continue
            }
            // Cancelled before it was begun: what the driver answered last stands.
            let result = answer.result == -ECANCELED && command.wasRefused ? -EBUSY : answer.result
            var payload: [UInt8] = []
            if result >= 0, sent.returnsBuffer, let buffer = sent.buffer { payload = Array(buffer) }
            running[answer.userData] = nil
            command.claim = nil
            finish(token: command.token, result: result, payload: payload, at: now)
        }
        while let done = tasks.next() {
            guard let command = running[done.number] else { continue }
            let result = Int32(clamping: done.result)
            if case .claim(let stop) = command.kind {
                goOn(stop, done.number, command, claim: result)
                continue
            }
            running[done.number] = nil
            guard case .task(returnsDescriptor: true) = command.kind, result >= 0 else {
                finish(token: command.token, result: result)
                continue
            }
            let opened = Fd(owning: result)
            finish(token: command.token, result: 0, descriptor: opened.raw)
        }
        for (number, command) in running {
            guard case .filler(let filler) = command.kind, let cause = try? filler.child.reap() else {
                continue
            }
            running[number] = nil
            finish(token: command.token, result: FillerProcess.result(of: cause, givenUp: command.isGivenUp))
        }
    }

    /// `claim`: the descriptor of the node, or why there is none.
    private func goOn(_ sent: DriverCommand, _ number: UInt64, _ command: AgentCommand, claim: Int32) {
        if claim >= 0 { command.claim = Fd(owning: claim) }
        // A disk that is not there has nobody who could have claimed it.
        let isRefused = claim < 0 && ![ENOENT, ENXIO, ENODEV].contains(-claim)
        guard !isRefused, !command.isGivenUp else {
            running[number] = nil
            return finish(token: command.token, result: isRefused ? claim : -EINTR)
        }
        send(sent, number, command)
    }

    private func finish(
        token: UInt64, result: Int32, payload: [UInt8] = [], descriptor: Int32? = nil, at: UInt64? = nil
    ) {
        reply(
            .done(
                token: token, result: result, payload: payload, atNanoseconds: at ?? Clock.monotonic()),
            descriptor.map { [$0] } ?? [])
    }

    /// Waits for room in the socket: ublkd reads it always, and if it is gone the loop sees that next.
    private func reply(_ reply: AgentReply, _ descriptors: [Int32] = []) {
        try? channel.send(reply.record, descriptors: descriptors, wait: true)
    }

    // MARK: Time

    /// Sends what is due and cancels what is late. Returns when it has to be called again.
    private func serveTimes() -> UInt64 {
        let now = Clock.monotonic()
        var wake = UInt64.max
        for (number, command) in running {
            if let due = command.nextCancel, due <= now { giveUp(number, command) }
            if case .waiting(let sent, let until) = command.kind, until <= now, running[number] != nil {
                send(sent, number, command)
            }
            guard running[number] != nil else { continue }
            if let due = command.nextCancel { wake = min(wake, due) }
            if case .waiting(_, let until) = command.kind { wake = min(wake, until) }
        }
        return wake
    }

    /// Ends what can be ended. The command's own answer is still the one that counts: it may be a success.
    private func giveUp(_ number: UInt64, _ command: AgentCommand) {
        command.isGivenUp = true
        command.nextCancel = Clock.monotonic() + cancelAgain
        switch command.kind {
        case .driver:
            guard let entry = ring.entry() else { return }
            io_uring_prep_cancel64(entry, number, 0)
            entry.pointee.user_data = cancelNumber
            submit()
        case .waiting:
            // The driver's last answer stands.
            running[number] = nil
            finish(token: command.token, result: -EBUSY)
        case .filler(let filler): try? filler.child.signal(SIGKILL)
        case .task, .claim: command.nextCancel = nil
        }
    }

    private func wait(until wake: UInt64, requests: Bool = true) {
        var set = [
            pollfd(fd: ring.fd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: tasks.reports.raw, events: Int16(POLLIN), revents: 0),
        ]
        if requests { set.append(pollfd(fd: channel.fd.raw, events: Int16(POLLIN), revents: 0)) }
        for command in running.values {
            guard case .filler(let filler) = command.kind else { continue }
            set.append(pollfd(fd: filler.child.pidfd.raw, events: Int16(POLLIN), revents: 0))
        }
        let now = Clock.monotonic()
        let limit = wake == UInt64.max ? UInt64.max : wake > now ? wake - now : 0
        _ = cu_poll(&set, UInt32(set.count), limit)
    }
}

/// Where the threads of blocking file operations leave their results.
final class TaskReports {
    /// The end they write to.
    let report: Fd
    let reports: Fd

    init() throws(Errno) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            cu_pipe(bytes.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        try Errno.check(result)
        reports = Fd(owning: ends.0)
        report = Fd(owning: ends.1)
        try reports.setNonblocking()
    }

    func next() -> cu_task_done? {
        var done = cu_task_done()
        let size = MemoryLayout<cu_task_done>.size
        return read(reports.raw, &done, size) == size ? done : nil
    }
}

extension cu_backend_id {
    /// Nil for what no path leads to.
    fileprivate init?(_ identity: BackendIdentity) {
        self.init()
        switch identity {
        case .none, .memory: return nil
        case .file(let number, let node):
            device = number
            inode = node
        case .blockDevice(let number):
            device = number
            is_block_device = 1
        }
    }
}
