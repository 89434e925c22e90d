import DevicePolicy

/// Where faults have met the machine in a run, so that a test can say whether each met it everywhere.
struct Coverage {
    enum Fault: Int, CaseIterable { case workerDeath, agentDeath, supervisorDeath }

    /// Every place in which time passes.
    enum Place: Int, CaseIterable {
        case waitingForDeath, waitingForWorker, preparing, adding, addingForNobody, settingParameters
        case attaching, startSent, fetching, serving, started, limitingRequests, verifyingStart
        case live, liveFailing, replacing, handingOver
        case awaitingDeath, pausing, waitingForSlot, workerAsked, preparingAnew, prepared, filling, accepted
        case endSent, endSubmitted, ending, verifyingRecovery, condemned
        case settling, stopping, leaving, deleting
        case failedWithoutDisk, failedWithDisk
    }

    private var visited: UInt64 = 0
    private var withWorker: UInt64 = 0
    private var withCommand: UInt64 = 0
    private var met = [UInt64](repeating: 0, count: Fault.allCases.count)

    mutating func visit(_ world: FakeWorld) {
        guard let place = Place(world.machine.phase) else { return }
        visited |= place.bit
        if world.command != nil { withCommand |= place.bit }
        if world.workers.contains(where: { $0.isAlive && $0.isConfigured }) { withWorker |= place.bit }
    }

    mutating func meet(_ fault: Fault, _ world: FakeWorld) {
        if let place = Place(world.machine.phase) { met[fault.rawValue] |= place.bit }
    }

    mutating func add(_ other: Coverage) {
        visited |= other.visited
        withWorker |= other.withWorker
        withCommand |= other.withCommand
        for fault in met.indices { met[fault] |= other.met[fault] }
    }

    var neverVisited: [Place] { Place.allCases.filter { visited & $0.bit == 0 } }

    /// Places in which the fault could have met the machine and did not.
    func missed(by fault: Fault) -> [Place] {
        let could =
            switch fault {
            case .workerDeath: withWorker
            case .agentDeath: withCommand
            case .supervisorDeath: visited
            }
        return Place.allCases.filter { could & ~met[fault.rawValue] & $0.bit != 0 }
    }
}

extension Coverage.Place {
    fileprivate var bit: UInt64 { 1 << UInt64(rawValue) }

    init?(_ phase: DevicePhase) {
        switch phase {
        case .starting(let starting): self.init(starting)
        case .live(let live):
            self =
                live.isReplacing
                ? .replacing : live.handOver != nil ? .handingOver : live.failing ? .liveFailing : .live
        case .recovering(let recovering): self.init(recovering)
        case .stopping(let stopping):
            self =
                switch stopping.step {
                case .settling: .settling
                case .stopping: .stopping
                case .waitingForWorker: .leaving
                case .deleting: .deleting
                }
        case .failed(let failed): self = failed.deviceID == nil ? .failedWithoutDisk : .failedWithDisk
        case .absent, .stopped, .removed: return nil
        }
    }

    private init(_ starting: Starting) {
        self =
            switch starting.step {
            case .waitingForWorker where !starting.askedForWorker: .waitingForDeath
            case .waitingForWorker: .waitingForWorker
            case .preparing: .preparing
            case .adding: starting.abandonedFor == nil ? .adding : .addingForNobody
            case .settingParameters: .settingParameters
            case .attaching: .attaching
            case .startSent: .startSent
            case .fetching(served: true, started: _): .serving
            case .fetching(served: false, started: true): .started
            case .fetching: .fetching
            case .limitingRequests: .limitingRequests
            case .verifying: .verifyingStart
            }
    }

    private init(_ recovering: Recovering) {
        switch (recovering.end, recovering.worker) {
        case _ where recovering.condemned != nil: self = .condemned
        case _ where recovering.record.live != nil: self = .verifyingRecovery
        case _ where recovering.awaitsDeath: self = .awaitingDeath
        case _ where recovering.nextAttempt != nil: self = .pausing
        case (.sent, _): self = .endSent
        case (.submitted, _): self = .endSubmitted
        case (.done, _): self = .ending
        case _ where recovering.start == .filling: self = .filling
        case _ where !recovering.hasSlot && recovering.drainingSince == nil: self = .waitingForSlot
        case (_, .none), (_, .requested): self = recovering.start == .accepted ? .accepted : .workerAsked
        case (_, .preparing), (_, .ready): self = .preparingAnew
        case (_, .prepared): self = .prepared
        }
    }
}
