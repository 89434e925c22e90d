import BlockABI
import DevicePolicy

/// One machine, its workers, its agent, its timers and the kernel below: a shell that performs effects and
/// lets everything that could happen next happen in an order that a seed decides.
final class FakeWorld {
    struct Command {
        var step: ControlStep
        var isSubmissionTold = false
        var isCancelled = false
        var isLate = false
        var deadline: UInt64
        /// Nothing makes it return: its agent will be written off.
        var ignoresCancel = false
        var answer: Int32?
    }

    enum Slot { case none, asked, held }

    static let device: UInt32 = 3

    var random: SeededRandom
    let scenario: Scenario
    var kernel: FakeKernel
    var machine: DeviceMachine
    /// How often ublkd itself died.
    var crashes = 0
    /// Milliseconds.
    var now: UInt64 = 1_000
    /// No more faults and no more operators.
    var isCalm = false

    var workers: [FakeWorker] = []
    var command: Command?
    /// Commands of agents that were written off: the kernel may still execute them.
    var orphans: [ControlStep] = []
    var timers: [DeviceTimer: UInt64] = [:]
    var workersWanted = 0
    var queries = 0
    var holderSearches = 0
    var probed: WorkerID?
    /// What was told since the last probe was sent: LIVE is to be believed after both only.
    var answeredProbe: WorkerID?
    var isToldLive = false
    var isAdopting = false
    var slot = Slot.none
    /// The dead worker's backend I/O is in flight until then: ublkcN is not released.
    var fencedUntil: UInt64 = 0
    var foreignHolder = false
    /// The kernel's answer that the device does not exist was told; it may be another tool's by now.
    var isToldGone = false
    var violation: String?
    private var lastWorker: UInt32 = 0
    /// What happened, if somebody will read it.
    var trace: [String]?

    init(seed: UInt64, traced: Bool = false) {
        random = SeededRandom(seed: seed)
        scenario = Scenario(&random)
        kernel = FakeKernel(traits: scenario.kernel.traits)
        kernel.survivesWorker = scenario.settings.survivesWorker
        machine = DeviceMachine(
            name: "data", settings: scenario.settings, traits: scenario.kernel.traits,
            seed: UInt32(truncatingIfNeeded: seed))
        if traced { trace = [] }
    }

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(now) \(text())")
    }

    func fail(_ text: String) {
        if violation == nil { violation = text }
        note("VIOLATION: \(text)")
    }

    // MARK: - The shell

    /// Tells the machine, and performs what it asks in order.
    func tell(_ event: DeviceEvent) {
        note("→ \(event)")
        let wasServing = isServingPhase
        let instant = Instant(nanoseconds: now * 1_000_000)
        for effect in machine.handle(event, at: instant) { perform(effect, wasServing: wasServing) }
        if case .workerDied(let id, _, _) = event { expectEndTakenBack(from: id) }
        if let text = kernel.violation { fail(text) }
        note("   \(machine.visible.state) \(machine.visible.reason)")
    }

    /// LIVE, or a stop of such a disk that waits for a command to end; not one whose worker is replaced.
    private var isServingPhase: Bool {
        switch machine.phase {
        case .live(let live): !live.isReplacing
        case .stopping(let stopping): stopping.step == .settling && !stopping.killFirst
        default: false
        }
    }

    private func perform(_ effect: DeviceEffect, wasServing: Bool) {
        if case .log = effect { return }
        note("     ← \(effect)")
        switch effect {
        case .takeWorker: workersWanted += 1
        case .configure(let id, _): configure(id)
        case .attach(let id, _, let fetchNow):
            update(id) { $0.task = .attach(fetchNow: fetchNow) }
            if let other = alive(but: id) { fail("\(id) is attached while \(other.ref.id) lives") }
        case .fetch(let id): update(id) { $0.task = .fetch }
        case .probe(let id):
            probed = id
            answeredProbe = nil
            isToldLive = false
        case .kill(let id):
            if let step = command?.step, let pid = step.servedBy,
                workers.contains(where: { $0.ref.id == id && $0.ref.pid == pid && $0.isAlive })
            {
                fail("\(id) is killed between its FETCHes and the answer of \(step)")
            }
            update(id) {
                $0.isLeaving = true
                $0.wasKilled = true
            }
        case .control(let step): begin(step, wasServing: wasServing)
        case .cancelControl(let step):
            guard command?.step == step else { return }
            command?.isCancelled = true
        case .queryDevice: queries += 1
        case .findHolders: holderSearches += 1
        case .requestSlot:
            if slot != .none { fail("a slot is asked for twice") }
            slot = .asked
        case .releaseSlot: slot = .none
        case .arm(let timer, let at): timers[timer] = at.nanoseconds / 1_000_000
        case .disarm(let timer): timers[timer] = nil
        case .deviceAdded: isToldGone = false
        case .becameLive:
            if !isAdopting && (!isToldLive || answeredProbe != machine.worker?.id) {
                fail("LIVE is believed before the kernel and every queue have said so")
            }
        case .takeNewProgram: workersWanted += 1
        case .configureBeside(let id): update(id) { $0.task = .makeReady }
        case .admit(let id): configure(id)
        case .rollBackProgram, .programProven, .handOverEnded: break
        case .probeQueues, .openBackend, .recoverQueue, .giveUpQueue, .queueRecovered, .deviceDeleted,
            .resized, .stopRefused, .removed, .log:
            break
        }
    }

    private func configure(_ id: WorkerID) {
        if let other = alive(but: id) { fail("\(id) is configured while \(other.ref.id) lives") }
        update(id) {
            $0.isConfigured = true
            $0.task = .prepare
        }
    }

    /// Another worker that lives and may hold the backend or ublkcN.
    private func alive(but id: WorkerID) -> FakeWorker? {
        workers.first { $0.ref.id != id && $0.isAlive && $0.isConfigured }
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

    // MARK: - What a command must never be

    private func begin(_ step: ControlStep, wasServing: Bool) {
        if command != nil { fail("\(step) while \(command.map { "\($0.step)" } ?? "") is under way") }
        if isToldGone && step != .addDevice { fail("\(step) for a number that may be another tool's") }
        switch step {
        case .startDevice(let pid): expectLiving(pid, step)
        case .endUserRecovery(let pid):
            expectLiving(pid, step)
            if !kernel.isArmed && kernel.exists && !orphansMayAct {
                fail("END_USER_RECOVERY without an accepted START_USER_RECOVERY")
            }
        case .stopDevice, .tryStopDevice:
            if let worker = workers.first(where: { !$0.isTold && $0.isConfigured }),
                !wasServing || worker.wasKilled, !step.isRepeated(of: lastStep)
            {
                fail("\(step) before \(worker.ref.id), which does not serve, is reaped")
            }
        default: break
        }
        lastStep = step
        command = Command(step: step, deadline: now + scenario.settings.controlTimeout)
        command?.ignoresCancel = !isCalm && random.chance(1)
    }

    private var lastStep: ControlStep?

    /// What a written-off agent left in the kernel, or another tool did, is not the machine's fault.
    private var orphansMayAct: Bool { !orphans.isEmpty || othersActed }
    var othersActed = false
    /// What a worker finds below.
    var backend = BackendFacts.sample
    /// An agent died after the kernel had acted, or was written off.
    var answersWereLost = false

    /// A classic kernel makes a device LIVE for a dead worker.
    private func expectEndTakenBack(from id: WorkerID) {
        guard let command, case .endUserRecovery(let pid) = command.step, !command.isCancelled,
            workers.contains(where: { $0.ref.id == id && $0.ref.pid == pid })
        else { return }
        fail("END_USER_RECOVERY stays with the kernel after its worker's death")
    }

    private func expectLiving(_ pid: Int32, _ step: ControlStep) {
        guard let worker = workers.first(where: { $0.ref.pid == pid }) else {
            return fail("\(step) names a process that is no worker")
        }
        if worker.isTold { fail("\(step) for a dead worker") }
        if worker.wasKilled { fail("\(step) for a worker that was killed") }
    }
}

extension ControlStep {
    /// The process that START_DEV or END_USER_RECOVERY would make the server.
    fileprivate var servedBy: Int32? {
        switch self {
        case .startDevice(let pid), .endUserRecovery(let pid): pid
        default: nil
        }
    }

    /// STOP_DEV after a TRY_STOP_DEV, or once more after an agent's death.
    fileprivate func isRepeated(of last: ControlStep?) -> Bool {
        last == .stopDevice || last == .tryStopDevice
    }
}
