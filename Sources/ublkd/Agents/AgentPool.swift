import BlockABI
import DevicePolicy
import LinuxSys
import Systemd

/// Gives control work to agents and watches its deadlines.
///
/// STOP and DEL never share an agent with START and END: the first may sit in the kernel until a worker
/// dies, and the process that issued them cannot even be killed meanwhile. Nor does what is asked of files, whose server
/// may be away. Each role has its own limit: whatever hangs in one, the others go on.
final class AgentPool {
    enum Role: CaseIterable {
        /// Commands that bring devices up.
        case starting
        /// Commands that take them down.
        case stopping
        /// Backends and file systems.
        case files
    }

    /// What became of one piece of work.
    enum Outcome {
        case submitted
        /// The kernel's answer, with what it wrote back.
        case done(Int32, payload: [UInt8])
        /// The deadline passed; the agent has cancelled the command.
        case late
        /// The agent did not answer even then: it is written off.
        case lost
        /// After `lost`: the command has ended after all.
        case returned
    }

    private struct Ticket {
        var agent: AgentProcess
        var opened: ((SharedFd) -> Void)?
        var report: (Outcome) -> Void
        var deadline: Source?
    }

    /// Milliseconds that a cancelled command gets to end.
    private static let grace: UInt64 = 3_000
    /// Agents of a role given up on at the same time; with more, nothing of that role is begun any more.
    private static let maxWrittenOff = 16
    /// Milliseconds until the next spare is made; longer while agents end before they say a word.
    private static let refillDelay: UInt64 = 50

    private let loop: EventLoop
    /// What agents are: the workers' program; ublkd's own once that did not do.
    private var program: String
    private static let ownProgram = "/proc/self/exe"
    private let log: HostLog
    /// Agents in a row that ended, or spoke another version, before they were of use.
    private var failures: UInt64 = 0
    private var agents: [Role: AgentProcess] = [:]
    private var spare: AgentProcess?
    private var writtenOff: [(role: Role, agent: AgentProcess)] = []
    private var tickets: [UInt64: Ticket] = [:]
    /// Of commands that were lost: each ends at the latest with its agent.
    private var lost: [Ticket] = []
    private var nextToken: UInt64 = 1
    private var refill: Source?

    init(loop: EventLoop, program: String, log: HostLog) {
        self.loop = loop
        self.program = program
        self.log = log
    }

    var running: Int { agents.count + (spare == nil ? 0 : 1) }
    var writtenOffCount: Int { writtenOff.count }

    /// Gives `work` to the agent of `role`. `deadline`: milliseconds until it is cancelled. Returns the token
    /// for `cancel`. Throws when no agent can be had, EAGAIN because too many of the role were given up; `report` is not
    /// called then. `opened`: called in place of `report` when the answer brings a descriptor.
    func submit(
        _ work: AgentWork, role: Role, deadline: UInt64, opened: ((SharedFd) -> Void)? = nil,
        report: @escaping (Outcome) -> Void
    ) throws(Errno) -> UInt64 {
        guard writtenOff.count(where: { $0.role == role }) < Self.maxWrittenOff else { throw Errno.tryAgain }
        let agent = try agent(for: role)
        let token = nextToken
        nextToken += 1
        try agent.send(AgentRequest(token: token, work: work, deadline: UInt32(truncatingIfNeeded: deadline)))
        var ticket = Ticket(agent: agent, opened: opened, report: report)
        ticket.deadline = try? loop.addTimer(afterMilliseconds: deadline + 50) { [weak self] in
            self?.late(token)
        }
        tickets[token] = ticket
        return token
    }

    func cancel(_ token: UInt64) {
        guard let ticket = tickets[token] else { return }
        try? ticket.agent.send(AgentRequest(token: 0, work: .cancel(token: token), deadline: 0))
    }

    /// Makes the agents that will be needed before they are.
    func warmUp() {
        for role in Role.allCases { _ = try? agent(for: role) }
        scheduleSpare()
    }

    func end() {
        refill = nil
        tickets = [:]
        lost = []
        for agent in agents.values { agent.kill() }
        spare?.kill()
        for (_, agent) in writtenOff { agent.kill() }
    }

    private func agent(for role: Role) throws(Errno) -> AgentProcess {
        if let agent = agents[role], !agent.isDead { return agent }
        let agent: AgentProcess
        if let warm = spare, !warm.isDead {
            agent = warm
            spare = nil
            scheduleSpare()
        } else {
            agent = try make()
        }
        agents[role] = agent
        return agent
    }

    private func make() throws(Errno) -> AgentProcess {
        let agent = try start()
        agent.onReply = { [weak self, weak agent] reply, descriptor in
            if let self, let agent { self.heard(agent, reply, descriptor) }
        }
        agent.onDeath = { [weak self, weak agent] in
            if let self, let agent { self.died(agent) }
        }
        return agent
    }

    /// The workers' program is not needed to end what runs: ublkd itself can be an agent, as long as it runs at all.
    private func start() throws(Errno) -> AgentProcess {
        do throws(Errno) {
            return try AgentProcess(program: program, loop: loop)
        } catch {
            fallBack("does not start (\(error))")
            return try AgentProcess(program: program, loop: loop)
        }
    }

    private func fallBack(_ why: String) {
        guard program != Self.ownProgram else { return }
        log.write(.warning, "\(program) \(why): ublkd's own program is the control agent from now on")
        program = Self.ownProgram
    }

    private func scheduleSpare() {
        guard refill == nil, spare == nil else { return }
        let delay = Self.refillDelay << min(failures, 8)
        refill = try? loop.addTimer(afterMilliseconds: delay) { [weak self] in
            guard let self else { return }
            self.refill = nil
            do throws(Errno) {
                self.spare = try self.make()
            } catch {
                self.log.write(.error, "a control agent does not start: \(error)")
            }
        }
    }

    private func heard(_ agent: AgentProcess, _ reply: AgentReply, _ descriptor: SharedFd?) {
        switch reply {
        case .hello(ChildProtocol.version, _):
            agent.isReady = true
            failures = 0
        case .hello(let version, _):
            fallBack("speaks version \(version) of the protocol, not \(ChildProtocol.version)")
            agent.kill()
        case .submitted(let token): tickets[token]?.report(.submitted)
        case .done(let token, let result, let payload, _):
            guard let ticket = tickets.removeValue(forKey: token) else { return }
            if let descriptor, let opened = ticket.opened {
                opened(descriptor)
            } else {
                ticket.report(.done(result, payload: payload))
            }
            retireIfIdle(ticket.agent)
        }
    }

    private func late(_ token: UInt64) {
        guard var ticket = tickets[token] else { return }
        ticket.deadline = try? loop.addTimer(afterMilliseconds: Self.grace) { [weak self] in self?.lose(token)
        }
        tickets[token] = ticket
        ticket.report(.late)
    }

    private func lose(_ token: UInt64) {
        guard let ticket = tickets.removeValue(forKey: token) else { return }
        writeOff(ticket.agent)
        lost.append(ticket)
        ticket.report(.lost)
        retireIfIdle(ticket.agent)
    }

    private func writeOff(_ agent: AgentProcess) {
        guard !agent.isWrittenOff, !agent.isDead else { return }
        agent.isWrittenOff = true
        if let role = agents.first(where: { $0.value === agent })?.key {
            agents[role] = nil
            writtenOff.append((role, agent))
        }
        log.write(.error, "control agent \(agent.pid) does not answer and is given up; a new one takes over")
    }

    /// A written-off agent is killed only when its other commands have ended: its death would end them.
    private func retireIfIdle(_ agent: AgentProcess) {
        guard agent.isWrittenOff, !tickets.values.contains(where: { $0.agent === agent }) else { return }
        agent.kill()
    }

    /// Everything that a dead agent had under way has ended with it: the kernel cancels what a dying
    /// process waits for.
    private func died(_ agent: AgentProcess) {
        agents = agents.filter { $0.value !== agent }
        writtenOff.removeAll { $0.agent === agent }
        if spare === agent { spare = nil }
        let orphaned = tickets.filter { $0.value.agent === agent }
        for token in orphaned.keys { tickets[token] = nil }
        if !agent.isReady {
            failures += 1
            if failures == 3 { fallBack("ends before it is of use") }
        } else if !agent.isWrittenOff {
            log.write(.warning, "control agent \(agent.pid) ended; a new one takes over")
        }
        let returned = lost.filter { $0.agent === agent }
        lost.removeAll { $0.agent === agent }
        for ticket in orphaned.values { ticket.report(.done(-Errno.interrupted.rawValue, payload: [])) }
        for ticket in returned { ticket.report(.returned) }
        scheduleSpare()
    }
}
