import BlockABI
import DevicePolicy

// The end of all faults but one, and then of that one.
extension FakeWorld {
    func calmDown() {
        isCalm = true
        setOpen(false)
        kernel.isHeldByStranger = false
        kernel.isTakenByOthers = kernel.isTakenByOthers && lasting == .takenNumber
        fencedUntil = min(fencedUntil, now + 5_000)
        brokenUntil = 0
        command?.ignoresCancel = false
        for index in workers.indices where lasting != .stuckWorker { workers[index].isStuck = false }
        begin(lasting)
    }

    /// Sees to it that the lasting fault matters.
    private func begin(_ fault: Scenario.LastingFault) {
        let server = workers.indices.last { workers[$0].isAlive && workers[$0].isServing }
        switch fault {
        case .none, .takenNumber: break
        case .openDisk:
            guard kernel.hasStarted else { return }
            setOpen(true)
            guard !knowledge.isRemoved else { return }
            orderStop(remove: random.chance(50), force: random.chance(50), isOpen: machine.deviceID != nil)
        case .stuckWorker:
            guard let server else { return }
            workers[server].isStuck = true
            if !knowledge.isRemoved { order(.recover) }
        case .stranger:
            kernel.isHeldByStranger = kernel.holder != nil
            if let server, !workers[server].isStuck { end(server) }
        case .brokenBackend:
            brokenUntil = .max
            if let server, !workers[server].isStuck { end(server) }
        case .fence:
            guard let server, !workers[server].isStuck, kernel.state == .live else { return }
            fencedUntil = .max
            end(server)
        }
    }

    func heal() {
        lasting = .none
        setOpen(false)
        kernel.isHeldByStranger = false
        kernel.isTakenByOthers = false
        fencedUntil = min(fencedUntil, now + 1_000)
        brokenUntil = 0
        for index in workers.indices { workers[index].isStuck = false }
    }

    /// A written-off agent, one that died with an answer, or another tool can leave a device in the kernel
    /// that the machine cannot know of.
    var mayHaveLostTheDevice: Bool { othersActed || answersWereLost }
}
