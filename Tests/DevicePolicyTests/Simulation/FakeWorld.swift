import BlockABI
import DevicePolicy

/// One machine, its workers, its agent, its timers and the kernel below: a shell that performs effects and
/// lets everything that could happen next happen in an order that a seed decides.
final class FakeWorld {
    enum Slot { case none, asked, held }

    static let device: UInt32 = 3

    var random: SeededRandom
    let scenario: Scenario
    /// As configured now: a reload may have changed them.
    var settings: PolicySettings
    var kernel: FakeKernel
    var machine: DeviceMachine
    /// The bug that stands between the machine and this world.
    var mutant: Mutant?
    /// Milliseconds.
    var now: UInt64 = 1_000
    /// No more faults but the lasting one, and no more operators.
    var isCalm = false
    var lasting: Scenario.LastingFault

    var workers: [FakeWorker] = []
    var command: FakeCommand?
    /// Commands of agents that were written off: the kernel may still execute them.
    var orphans: [ControlStep] = []
    /// The last of them: its agent's end is yet to be heard of.
    var lostStep: ControlStep?
    var timers = FakeTimers()
    var workersWanted = 0
    var queries = 0
    var holderSearches = 0
    var probed: WorkerID?
    var slot = Slot.none
    /// The dead worker's backend I/O is in flight until then: ublkcN is not released.
    var fencedUntil: UInt64 = 0
    /// All slots of a queue were with the dead worker: a classic kernel sees its death only then.
    var unseenUntil: UInt64 = 0
    /// No worker can prepare until then.
    var brokenUntil: UInt64 = 0
    /// What a worker finds below.
    var backend = BackendFacts.sample

    /// What ublkd was told, and may rely on.
    var knowledge = Knowledge()
    /// What an operator said last.
    var intent = Intent.up
    /// What another tool or a written-off agent did is not the machine's fault.
    var othersActed = false
    /// An agent died after the kernel had acted, or was written off.
    var answersWereLost = false
    var violation: String?
    private var lastWorker: UInt32 = 0
    /// What happened, if somebody will read it.
    var trace: [String]?
    var coverage = Coverage()
    /// Of the scenario, until it is sprung.
    var hasAmbush = true

    init(seed: UInt64, bug: Mutant.Bug? = nil, traced: Bool = false) {
        random = SeededRandom(seed: seed)
        scenario = Scenario(&random)
        settings = scenario.settings
        lasting = scenario.lasting
        kernel = FakeKernel(traits: scenario.kernel.traits)
        kernel.survivesWorker = settings.survivesWorker
        kernel.failsIO = scenario.failsIO
        kernel.refusesReaped = scenario.refusesReaped
        machine = DeviceMachine(
            name: "data", settings: settings, traits: scenario.kernel.traits,
            seed: UInt32(truncatingIfNeeded: seed))
        mutant = bug.map { Mutant($0) }
        if traced { trace = [] }
    }

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(now) \(text())")
    }

    func fail(_ text: @autoclosure () -> String) {
        guard violation == nil else { return }
        violation = text()
        note("VIOLATION: \(violation ?? "")")
    }

    // MARK: - The shell

    /// Tells the machine, and performs what it asks in order.
    func tell(_ event: DeviceEvent) {
        note("→ \(event)")
        let instant = Instant(nanoseconds: now * 1_000_000)
        let effects =
            mutant?.handle(event, by: &machine, at: instant) ?? machine.handle(event, at: instant)
        for effect in effects { perform(effect) }
        expectOrder(after: event)
        coverage.visit(self)
        note("   \(machine.visible.state) \(machine.visible.reason)")
    }

    private func perform(_ effect: DeviceEffect) {
        if case .log = effect { return }
        note("     ← \(effect)")
        expectLegal(effect)
        switch effect {
        case .takeWorker, .takeNewProgram: workersWanted += 1
        case .configureBeside(let id):
            update(id) { $0.task = .makeReady }
            mayHang(id)
        case .admit(let id):
            update(id) {
                $0.isConfigured = true
                $0.task = .prepare
            }
            mayHang(id)
        case .configure(let id, let failing):
            update(id) {
                $0.isConfigured = true
                $0.answersErrors = failing
                $0.task = .prepare
            }
            mayHang(id)
        case .attach(let id, _, let fetchNow):
            update(id) { $0.task = .attach(fetchNow: fetchNow) }
            mayHang(id)
        case .fetch(let id):
            update(id) { $0.task = .fetch }
            mayHang(id)
        case .probe(let id):
            probed = id
            knowledge.probe(id)
        case .kill(let id):
            update(id) {
                $0.isLeaving = true
                $0.wasKilled = true
            }
        case .control(let step): send(step)
        case .cancelControl(let step):
            if command?.step == step { command?.isCancelled = true }
        case .queryDevice: queries += 1
        case .findHolders: holderSearches += 1
        case .requestSlot: slot = .asked
        case .releaseSlot: slot = .none
        case .arm(let timer, let at): timers[timer] = at.nanoseconds / 1_000_000
        case .disarm(let timer): timers[timer] = nil
        case .deviceAdded: knowledge.deviceAdded()
        case .becameLive: knowledge.server = machine.worker?.id
        case .stopRefused:
            intent = machine.removalPending ? .removed : .up
            knowledge.isStopWanted = machine.removalPending || isStopUnfinished
        case .removed: knowledge.isRemoved = true
        case .rollBackProgram, .programProven, .handOverEnded: break
        case .probeQueues, .openBackend, .recoverQueue, .giveUpQueue, .queueRecovered, .queueNotRecovered:
            break
        case .deviceDeleted, .resized, .log: break
        }
    }

    private func send(_ step: ControlStep) {
        let timeout = settings.controlTimeout
        let limit: UInt64 =
            switch step {
            case .startUserRecovery(lazily: false): min(timeout, 2_000)
            case .quiesceDevice: timeout + 1_000
            default: timeout
            }
        command = FakeCommand(step: step, deadline: now + limit)
        command?.ignoresCancel = !isCalm && random.below(250) == 0
        knowledge.lastStep = step
        if step == .quiesceDevice { knowledge.server = nil }
    }

    /// A worker can hang in whatever it was asked to do.
    private func mayHang(_ id: WorkerID) {
        if !isCalm && random.chance(3) { update(id) { $0.hangs = true } }
    }

    func update(_ id: WorkerID, _ change: (inout FakeWorker) -> Void) {
        guard let index = workers.firstIndex(where: { $0.ref.id == id }) else { return }
        change(&workers[index])
    }

    func makeWorker() -> WorkerRef {
        lastWorker += 1
        let ref = WorkerRef.number(lastWorker)
        workers.append(FakeWorker(ref: ref))
        return ref
    }
}

/// What an operator wants of the device.
enum Intent { case up, down, removed }

/// A control command with an agent.
struct FakeCommand {
    let step: ControlStep
    var isSubmissionTold = false
    var isCancelled = false
    var isLate = false
    var deadline: UInt64
    /// Nothing makes it return: its agent will be written off.
    var ignoresCancel = false
    /// The kernel's, not told yet.
    var answer: Int32?

    /// Milliseconds after the deadline, at which the agent cancels by itself, until ublkd calls it late.
    static var lateAfter: UInt64 { 50 }
    /// Milliseconds from then on that it gets to end.
    static var grace: UInt64 { 3_000 }

    init(step: ControlStep, deadline: UInt64) {
        self.step = step
        self.deadline = deadline
    }

    /// When time does something to it next.
    var due: UInt64 {
        if !isCancelled { return deadline }
        return deadline + Self.lateAfter + (isLate ? Self.grace : 0)
    }
}

/// Armed timers, milliseconds; looked at in an order that no hash decides.
struct FakeTimers {
    private var due: [DeviceTimer: UInt64] = [:]

    subscript(timer: DeviceTimer) -> UInt64? {
        get { due[timer] }
        set { due[timer] = newValue }
    }

    var isEmpty: Bool { due.isEmpty }

    /// The next after `now`.
    func next(after now: UInt64) -> UInt64? { due.values.lazy.filter { $0 > now }.min() }
}
