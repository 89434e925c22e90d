import BlockABI
import CUblk
import Glibc
import Synchronization
import Testing

@testable import LinuxSys

/// A command as the stand-in driver got it.
struct Seen: Equatable {
    var command: ControlCommand
    var device: UInt32
    var data: UInt64
    init(_ command: ControlCommand, device: UInt32, data: UInt64 = 0) {
        self.command = command
        self.device = device
        self.data = data
    }
}

/// A final answer of the agent, without its time.
struct Done: Equatable {
    var token: UInt64
    var result: Int32
    var payload: [UInt8] = []
    init(_ token: UInt64, _ result: Int32) {
        self.token = token
        self.result = result
    }
}

/// Answers by a NOP with a given result (IORING_NOP_INJECT_RESULT), or waits by reading from a pipe.
final class StandInDriver: ControlDriver, Sendable {
    enum Behaviour { case answer(Int32), wait, none }

    private let behaviour: @Sendable (ControlCommand, cu_ctrl_cmd) -> Behaviour
    private let commands = Mutex<[Seen]>([])
    private let pipe: TaskPipe

    var seen: [Seen] { commands.withLock { $0 } }

    init(_ behaviour: @escaping @Sendable (ControlCommand, cu_ctrl_cmd) -> Behaviour) throws {
        self.behaviour = behaviour
        pipe = try TaskPipe()
    }

    /// Lets that many of the waiting commands end.
    func `let`(go count: Int) { write(pipe.to, Array(repeating: UInt8(0), count: count), count) }

    func prepare(
        _ entry: UnsafeMutablePointer<io_uring_sqe>, command: ControlCommand, payload: cu_ctrl_cmd,
        userData: UInt64
    ) throws(Errno) {
        commands.withLock { $0.append(Seen(command, device: payload.dev_id, data: payload.data)) }
        switch behaviour(command, payload) {
        case .none: throw .noSuchFile
        case .answer(let result):
            io_uring_prep_nop(entry)
            entry.pointee.rw_flags = 1
            entry.pointee.len = UInt32(bitPattern: result)
        case .wait: io_uring_prep_read(entry, pipe.from, pipe.scratch, 1, 0)
        }
        entry.pointee.user_data = userData
    }
}

/// Whether this kernel's NOP gives the result it is told (6.10 and later).
let nopAnswers: Bool = {
    guard let ring = try? ControlRing(commands: 2), let entry = ring.entry() else { return false }
    io_uring_prep_nop(entry)
    entry.pointee.rw_flags = 1
    entry.pointee.len = 77
    try? ring.submit()
    return ring.answer(before: Clock.monotonic() + 1_000_000_000)?.result == 77
}()

private final class TaskPipe: @unchecked Sendable {
    let from: Int32
    let to: Int32
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Errno(errno) }
        (from, to) = (ends[0], ends[1])
    }

    deinit {
        close(from)
        close(to)
        scratch.deallocate()
    }
}

/// An agent's loop on a thread, and the supervisor's end of its socket.
final class TestAgent {
    let driver: StandInDriver
    /// The text of the file whose descriptor came last.
    private(set) var textOfFile: String?
    private var channel: TestEnd?
    private var thread: pthread_t = 0
    private let job: Job

    private final class Job: @unchecked Sendable {
        let theirs: Mutex<Int32>
        let driver: StandInDriver
        let status = Mutex<Int32>(-1)
        init(theirs: Int32, driver: StandInDriver) {
            self.theirs = Mutex(theirs)
            self.driver = driver
        }
    }

    init(
        _ behaviour: @escaping @Sendable (ControlCommand, cu_ctrl_cmd) -> StandInDriver.Behaviour
    ) throws {
        driver = try StandInDriver(behaviour)
        let pair = try Channel.pair()
        job = Job(theirs: pair.theirs.release(), driver: driver)
        channel = TestEnd(pair.ours)
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let job = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
                let socket = Channel(Fd(owning: job.theirs.withLock { $0 }))
                let status = try? AgentLoop(channel: socket, driver: job.driver).run()
                job.status.withLock { $0 = status ?? -2 }
                return nil
            }, Unmanaged.passRetained(job).toOpaque())
    }

    /// A driver that gives these answers one after the other.
    convenience init(answers: [Int32]) throws {
        let rest = Mutex(answers)
        try self.init { _, _ in .answer(rest.withLock { $0.isEmpty ? -EIO : $0.removeFirst() }) }
    }

    deinit {
        channel = nil
        _ = join()
    }

    func hangUp() { channel = nil }

    /// The loop's exit status, once it has ended.
    func join() -> Int32 {
        if thread != 0 { pthread_join(thread, nil) }
        thread = 0
        return job.status.withLock { $0 }
    }

    func send(_ record: [UInt8]) throws { try channel?.channel.send(record, wait: true) }

    func ask(_ token: UInt64, _ work: AgentWork, deadline: UInt32 = 0) throws {
        try send(AgentRequest(token: token, work: work, deadline: deadline).record)
    }

    func next() throws -> AgentReply {
        guard let channel else { throw Errno.brokenPipe }
        var p = pollfd(fd: channel.channel.fd.raw, events: Int16(POLLIN), revents: 0)
        guard poll(&p, 1, 5000) > 0 else { throw Errno.timedOut }
        guard case .record(let bytes, let descriptors) = try channel.channel.receive(wait: false) else {
            throw Errno.brokenPipe
        }
        for descriptor in descriptors { textOfFile = try SmallFile.text(Fd(owning: descriptor)) }
        return try AgentReply(record: bytes)
    }

    func nextAfterHello() throws -> AgentReply {
        while true {
            let reply = try next()
            if case .hello = reply { continue }
            return reply
        }
    }

    /// The next final answer.
    func done() throws -> Done {
        while true {
            guard case .done(let token, let result, let payload, _) = try next() else { continue }
            var done = Done(token, result)
            done.payload = payload
            return done
        }
    }
}
