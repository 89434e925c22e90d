import BlockABI
import DevicePolicy

/// One sequence: chaos, calm, an operator who wants the device back, an operator who removes it.
struct Run {
    let world: FakeWorld
    var violation: String? { world.violation }

    init(seed: UInt64, traced: Bool = false) {
        world = FakeWorld(seed: seed, traced: traced)
        world.begin()
        for _ in 0..<world.scenario.chaoticSteps where world.violation == nil {
            if world.random.chance(8) {
                world.disturb()
            } else {
                step()
            }
        }
        world.note("--- calm")
        world.calmDown()
        settle()
        expectAnEnd()
        bringBack()
        remove()
    }

    /// False: nothing is under way any more.
    @discardableResult
    private func step() -> Bool {
        let next = world.possible()
        let due = world.nextDue
        if let due, next.isEmpty || !world.isCalm && world.random.chance(2) {
            world.now = max(world.now, due)
            return true
        }
        guard let happening = world.random.pick(next) else { return false }
        world.happen(happening)
        return true
    }

    private func settle() {
        var steps = 0
        while world.violation == nil, !isAtRest, step() {
            steps += 1
            // The number of a device whose control node is never released is lost until a reboot.
            if steps > 1_500 && world.kernel.isLost { return }
            if steps > 4_000 { return world.fail("no end: \(world.machine.visible)") }
        }
    }

    /// LIVE is an end even if a disk that is open waits to be removed.
    private var isAtRest: Bool {
        guard world.command == nil, world.workers.allSatisfy({ $0.isTold || $0.isAlive && !$0.isLeaving }),
            world.workersWanted == 0, world.queries == 0, world.holderSearches == 0, world.slot != .asked
        else { return false }
        switch world.machine.phase {
        case .live(let live): return !world.machine.removalPending && live.handOver == nil
        case .stopped, .removed, .absent: return true
        case .failed(let failed):
            return failed.held && (!world.machine.removalPending || failed.failure.reason == .controlWedged)
        default: return false
        }
    }

    private func expectAnEnd() {
        guard world.violation == nil, !world.kernel.isLost else { return }
        let visible = world.machine.visible
        switch visible.state {
        case .live, .degraded: expectServed()
        case .stopped, .absent: expectNothingLeft()
        case .held:
            if visible.reason == .none && visible.message.isEmpty { world.fail("held without a word") }
        case .failed where world.machine.isFailing: expectServed()
        case .failed:
            if visible.nextAttempt == nil { world.fail("failed, and nothing will happen: \(visible)") }
        case .starting, .recovering, .stopping, .pendingRemoval:
            world.fail("stalled: \(visible), timers \(world.timers)")
        }
        expectNoLeaks()
    }

    private func expectServed() {
        guard let worker = world.machine.worker else { return world.fail("live without a worker") }
        if !world.workers.contains(where: { $0.ref == worker && $0.isAlive && $0.isServing }) {
            world.fail("live, but its worker does not serve")
        }
        if !world.kernel.isServed && !world.othersActed {
            world.fail("live, but the kernel says \(world.kernel.state) and \(world.kernel.ready)")
        }
    }

    private func expectNothingLeft() {
        if world.kernel.exists && !world.kernel.isDeleted && !world.mayHaveLostTheDevice {
            world.fail("stopped, but the kernel has the device")
        }
        if world.workers.contains(where: { $0.isAlive && $0.isConfigured }) {
            world.fail("stopped, but a worker lives")
        }
    }

    private func expectNoLeaks() {
        if world.slot == .held {
            if case .recovering = world.machine.phase {} else { world.fail("a recovery slot is kept") }
        }
        let living = world.workers.filter { $0.isAlive && $0.ref != world.machine.worker && !$0.isLeaving }
        if let lost = living.first, world.machine.visible.reason != .controlWedged {
            world.fail("worker \(lost.ref.id) is nobody's and lives")
        }
        for timer in [DeviceTimer.step, .verify] where world.timers[timer] != nil && isAtRest {
            world.fail("timer \(timer) is armed at rest")
        }
    }

    private func bringBack() {
        guard world.violation == nil, !world.kernel.isLost else { return }
        if case .removed = world.machine.phase { return }
        world.note("--- an operator wants it back")
        let visible = world.machine.visible
        guard visible.reason != .controlWedged else { return }
        world.tell(.start)
        settle()
        // A start that met the end of a deletion may have been one failure too many.
        if world.violation == nil, world.machine.visible.state == .held,
            world.machine.visible.reason == .idTaken
        {
            world.tell(.start)
            settle()
        }
        guard world.violation == nil, !world.kernel.isLost else { return }
        if !world.machine.isLive && !world.machine.isFailing && !world.mayHaveLostTheDevice {
            world.fail("not live, though nothing is wrong any more: \(world.machine.visible)")
        }
        expectAnEnd()
    }

    private func remove() {
        guard world.violation == nil else { return }
        if case .removed = world.machine.phase { return }
        guard world.machine.visible.reason != .controlWedged else { return }
        world.note("--- an operator removes it")
        world.tell(.stop(remove: true, force: false, isOpen: false))
        settle()
        guard world.violation == nil, !world.kernel.isLost else { return }
        guard case .removed = world.machine.phase else {
            return world.fail("not removed: \(world.machine.visible)")
        }
        expectNothingLeft()
        expectNoLeaks()
    }
}

extension DeviceMachine {
    /// Served by the worker that answers EIO.
    var isFailing: Bool { if case .live(let live) = phase { live.failing } else { false } }
}
