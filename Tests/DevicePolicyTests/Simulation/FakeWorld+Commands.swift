import BlockABI
import DevicePolicy

// The control command under way: an agent between the machine and the kernel.
extension FakeWorld {
    /// It would come to an answer now.
    var canExecute: Bool {
        guard let command, !command.ignoresCancel else { return false }
        if command.isCancelled && FakeKernel.isCancellable(command.step) { return true }
        prepareKernel()
        var kernel = kernel
        switch (command.step, kernel.execute(command.step)) {
        case (_, nil): return command.step == .deleteDevice && !self.kernel.isDeleted
        // The agent repeats it until its deadline.
        case (.startUserRecovery, -16): return false
        default: return true
        }
    }

    func prepareKernel() {
        kernel.isServerHealthy = workers.contains {
            $0.isAlive && $0.isServing && !$0.isWedged && kernel.holder == .worker(pid: $0.ref.pid)
        }
    }

    func execute() {
        guard let step = command?.step else { return }
        if !isCalm && random.chance(3) { return spoilCommand() }
        let answer = run(step)
        if step == .addDevice && answer == 0 { orphans = [] }
        let isGivenUp = command?.isCancelled == true && FakeKernel.isCancellable(step)
        if let answer, isGivenUp || answer != -16 || !step.isRecoveryStart {
            if step.servedBy != nil, answer == 0 { markServed() }
            command?.answer = answer == -16 && step.isRecoveryStart && random.chance(30) ? -4 : answer
            note("\(step) = \(command?.answer ?? 0)")
        } else if isGivenUp {
            command?.answer = step == .filler ? -110 : -4
            note("\(step) is cancelled")
        }
    }

    func run(_ step: ControlStep) -> Int32? {
        prepareKernel()
        let answer = kernel.execute(step)
        if let text = kernel.violation { fail(text) }
        abortServer()
        return answer
    }

    private func markServed() {
        for index in workers.indices where workers[index].isAlive && workers[index].isServing {
            workers[index].hasServed = random.chance(50)
        }
    }

    func answer() {
        guard let done = command, let answer = done.answer else { return }
        command = nil
        // An agent's death that is heard of late is taken for the answer to its cancellation.
        if answer == -4 && done.step == .deleteDevice && !kernel.isDeleted && now >= done.deadline {
            answersWereLost = true
        }
        if answer == -19 && !done.step.needsDisk { knowledge.isToldGone = true }
        if done.step == .quiesceDevice && answer < 0 { knowledge.server = machine.worker?.id }
        // After an error of ADD_DEV the shell looks whether a device with its mark is there.
        let added = done.step == .addDevice && kernel.exists
        if added { knowledge.isToldGone = false }
        tell(.controlDone(done.step, result: answer, deviceID: added ? Self.device : nil))
    }

    func lose() {
        guard let lost = command else { return }
        command = nil
        orphans.append(lost.step)
        answersWereLost = true
        knowledge.isWrittenOff = lost.step != .addDevice
        lostStep = lost.step
        tell(.controlLost(lost.step))
    }

    /// The kernel ends what an agent was given up for, and with it the agent.
    func returnLost() {
        guard let step = lostStep else { return }
        lostStep = nil
        orphans.removeAll { $0 == step }
        knowledge.isWrittenOff = false
        let added = step == .addDevice && kernel.exists
        if added { knowledge.isToldGone = false }
        tell(.controlReturned(step, deviceID: added ? Self.device : nil))
    }

    func executeOrphan() {
        let step = orphans.removeFirst()
        othersActed = true
        prepareKernel()
        if kernel.execute(step) == nil && random.chance(50) { orphans.append(step) }
        // Nobody decided on this order.
        kernel.violation = nil
        abortServer()
    }

    /// The agent's answer when the kernel gives none: it died, or something was short.
    func spoilCommand() {
        guard let step = command?.step, command?.answer == nil else { return }
        // What the kernel is at already it does not refuse.
        if random.chance(60) || step == .deleteDevice && kernel.isDeleted { return killAgent(step) }
        var answer = random.pick([-1, -5, -12, -11, -22, -125, -16]).map(Int32.init)
        if case .stopDevice = step, answer == -16 { answer = -12 }
        if step.isRecoveryStart, answer == -22 || answer == -16 { answer = -1 }
        if step == .quiesceDevice, answer == -125 || answer == -16 { kernel.quiesceHalfway() }
        command?.answer = answer
        note("\(step) fails: \(answer ?? 0)")
    }

    /// It dies before the kernel acted, or after.
    func killAgent(_ step: ControlStep) {
        coverage.meet(.agentDeath, self)
        switch step {
        case .filler where random.chance(40): kernel.fillPartly()
        case .quiesceDevice where random.chance(40): kernel.quiesceHalfway()
        case _ where random.chance(50): _ = run(step)
        default: break
        }
        command?.answer = step == .filler ? -5 : -4
        note("the agent of \(step) dies")
    }
}

extension ControlStep {
    /// Without one the answer is the same as without the device.
    fileprivate var needsDisk: Bool {
        switch self {
        case .tryStopDevice, .quiesceDevice, .updateSize: true
        default: false
        }
    }

    fileprivate var isRecoveryStart: Bool { if case .startUserRecovery = self { true } else { false } }
}
