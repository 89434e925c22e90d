import BlockABI
import DevicePolicy

/// What has to be true of a device when nothing happens to it any more.
struct Ending {
    let world: FakeWorld

    init(_ world: FakeWorld) { self.world = world }

    private var machine: DeviceMachine { world.machine }

    /// LIVE is an end even if a disk that is open waits to be removed.
    var isAtRest: Bool {
        guard world.command == nil, world.workersWanted == 0, world.queries == 0, world.holderSearches == 0,
            world.slot != .asked,
            world.workers.allSatisfy({ $0.isTold || $0.mail.isEmpty && $0.isAlive && !$0.isLeaving })
        else { return false }
        switch machine.phase {
        case .live(let live):
            return live.handOver == nil && (!machine.removalPending || world.kernel.isOpen)
        case .stopped, .removed, .absent: return true
        case .failed(let failed):
            return failed.held && (!machine.removalPending || failed.failure.reason == .controlWedged)
        default: return false
        }
    }

    // MARK: - While something is still wrong

    /// It says what is wrong, or nothing is.
    var hasName: Bool {
        let visible = machine.visible
        return switch visible.state {
        case .live, .degraded, .stopped, .absent, .pendingRemoval: true
        case .starting, .recovering, .stopping, .failed, .held:
            visible.reason != .none || !visible.message.isEmpty
        }
    }

    /// `since`: when it last had a name. A new attempt has none until something is wrong with it, too.
    func expectName(since named: UInt64) {
        guard world.violation == nil else { return }
        if world.now > named + 45_000 && !isAtRest { world.fail("\(machine.visible) without a word") }
        expectTruth()
    }

    private func expectTruth() {
        let visible = machine.visible
        let isTrue =
            switch visible.reason {
            case .unkillable: world.workers.contains { $0.wasKilled && !$0.isTold }
            case .kernelUnrecoverable: world.kernel.isLost || world.mayHaveLostTheDevice
            case .controlWedged: world.answersWereLost
            default: true
            }
        if !isTrue { world.fail("\(visible), which is not true") }
    }

    // MARK: - When all is well again

    func expectEnd() {
        guard world.violation == nil else { return }
        let visible = machine.visible
        switch visible.state {
        case .live, .degraded: expectServed()
        case .stopped, .absent: expectNothingLeft()
        case .held:
            if visible.reason == .none && visible.message.isEmpty { world.fail("held without a word") }
        case .failed where machine.isFailing: expectServed()
        case .failed:
            if visible.nextAttempt == nil && visible.reason != .kernelUnrecoverable {
                world.fail("failed, and nothing will happen: \(visible)")
            }
        case .starting, .recovering, .stopping, .pendingRemoval:
            // Whether an I/O that does not end is lost or only slow nobody can tell after ublkd's own death.
            if !world.kernel.isLost || visible.message.isEmpty { world.fail("stalled: \(visible)") }
        }
        expectTruth()
        expectIntent()
        expectNoLeaks()
    }

    private func expectServed() {
        guard let worker = machine.worker else { return world.fail("live without a worker") }
        if !world.workers.contains(where: { $0.ref == worker && $0.isAlive && $0.isServing }) {
            world.fail("live, but its worker does not serve")
        }
        if !world.kernel.isServed && !world.othersActed {
            world.fail("live, but the kernel says \(world.kernel.state) and \(world.kernel.ready)")
        }
    }

    private func expectNothingLeft() {
        let isLost = world.mayHaveLostTheDevice || world.kernel.isLostForGood
        if world.kernel.exists && !world.kernel.isDeleted && !isLost {
            world.fail("stopped, but the kernel has the device")
        }
        if world.workers.contains(where: { $0.isAlive && $0.isConfigured }) {
            world.fail("stopped, but a worker lives")
        }
    }

    /// What an operator said last is done, or refused with a word.
    private func expectIntent() {
        switch machine.phase {
        case .live where world.intent != .up: world.fail("live, though it was to be \(world.intent)")
        case .stopped where world.intent != .down: world.fail("stopped, though it was to be \(world.intent)")
        case .removed where world.intent != .removed:
            world.fail("removed, though it was to be \(world.intent)")
        default: break
        }
    }

    private func expectNoLeaks() {
        if world.slot == .held {
            if case .recovering = machine.phase {} else { world.fail("a recovery slot is kept") }
        }
        let living = world.workers.filter { $0.isAlive && $0.ref != machine.worker && !$0.isLeaving }
        if let lost = living.first, machine.visible.reason != .controlWedged {
            world.fail("worker \(lost.ref.id) is nobody's and lives")
        }
        guard isAtRest else { return }
        for timer in DeviceTimer.allCases where world.timers[timer] != nil {
            world.fail("timer \(timer) is armed at rest")
        }
    }
}
