import BlockABI
import DevicePolicy

/// One sequence: chaos; calm but for one fault; nothing wrong any more; an operator who wants the device back;
/// an operator who removes it.
struct Run {
    let world: FakeWorld
    /// When the device was last in a state that says what is wrong.
    private var named: UInt64 = 0
    var violation: String? { world.violation }

    init(seed: UInt64, bug: Mutant.Bug? = nil, traced: Bool = false) {
        world = FakeWorld(seed: seed, bug: bug, traced: traced)
        world.begin()
        for _ in 0..<world.scenario.chaoticSteps where world.violation == nil && !world.knowledge.isRemoved {
            if world.springAmbush() { continue }
            if world.random.chance(8) {
                world.disturb()
            } else {
                step()
            }
        }
        world.note("--- calm, but for \(world.lasting)")
        world.calmDown()
        if world.lasting != .none {
            settle(milliseconds: 70_000)
            Ending(world).expectName(since: named)
        }
        world.note("--- all is well")
        world.heal()
        settle()
        Ending(world).expectEnd()
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

    /// Goes on until nothing happens by itself any more, or that long.
    private mutating func settle(milliseconds: UInt64? = nil) {
        var steps = 0
        named = world.now
        let end = milliseconds.map { world.now + $0 } ?? .max
        while world.violation == nil, world.now < end, !Ending(world).isAtRest, step() {
            steps += 1
            if milliseconds != nil && Ending(world).hasName { named = world.now }
            // What is waited for does not come.
            if steps > 1_500 && world.kernel.isLost { return }
            if steps > 4_000 { return world.fail("no end: \(world.machine.visible)") }
        }
    }

    private mutating func bringBack() {
        guard world.violation == nil, !world.knowledge.isRemoved else { return }
        world.note("--- an operator wants it back")
        guard world.machine.visible.reason != .controlWedged else { return }
        orderStart()
        // A start that met the end of a deletion may have been one failure too many.
        if world.machine.visible.reason == .idTaken { orderStart() }
        guard world.violation == nil, !world.kernel.isLostForGood else { return }
        if !world.machine.isLive && !world.machine.isFailing && !world.mayHaveLostTheDevice {
            world.fail("not live, though nothing is wrong any more: \(world.machine.visible)")
        }
        Ending(world).expectEnd()
    }

    /// What the kernel lost is made anew, as its message says.
    private mutating func orderStart() {
        guard world.violation == nil else { return }
        if world.machine.visible.reason == .kernelUnrecoverable || world.kernel.isLost {
            world.orderStop(remove: false, force: true, isOpen: false)
            settle()
        }
        world.orderStart()
        settle()
    }

    private mutating func remove() {
        guard world.violation == nil, !world.knowledge.isRemoved else { return }
        guard world.machine.visible.reason != .controlWedged else { return }
        world.note("--- an operator removes it")
        world.orderStop(remove: true, force: false, isOpen: false)
        settle()
        guard world.violation == nil, !world.kernel.isLostForGood else { return }
        guard world.knowledge.isRemoved else {
            return world.fail("not removed: \(world.machine.visible)")
        }
        Ending(world).expectEnd()
    }
}

extension DeviceMachine {
    /// Served by the worker that answers EIO.
    var isFailing: Bool { if case .live(let live) = phase { live.failing } else { false } }
}
