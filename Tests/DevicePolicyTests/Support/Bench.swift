import BlockABI
import DevicePolicy

/// One machine on the bench: events go in with a clock that the test moves, effects come out. A class, because
/// `#expect` takes no mutating calls.
final class Bench {
    var machine: DeviceMachine
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// What was logged since the bench was made.
    private(set) var logged: [(level: LogLevel, text: String)] = []
    /// Every control command that was asked for, in order.
    private(set) var commands: [ControlStep] = []
    /// Timers as a shell would hold them.
    private(set) var timers: [DeviceTimer: Instant] = [:]
    private var workersGiven: UInt32 = 0

    static let device: UInt32 = 7

    init(
        _ kernel: Kernel = .modern, settings: PolicySettings = PolicySettings(), name: String = "data"
    ) {
        machine = DeviceMachine(name: name, settings: settings, traits: kernel.traits, seed: 1)
    }

    enum Kernel: CaseIterable {
        case classic, middle, modern72, modern

        var traits: KernelTraits {
            switch self {
            case .classic: KernelTraits(features: DeviceFlags(rawValue: 0x1fe))
            case .middle: KernelTraits(features: DeviceFlags(rawValue: 0x7fff))
            case .modern72: KernelTraits(features: DeviceFlags(rawValue: 0xf_ffff))
            case .modern: KernelTraits(features: DeviceFlags(rawValue: 0x1f_ffff))
            }
        }
    }

    /// The control command under way.
    private(set) var pending: ControlStep?

    var visible: VisibleState { machine.visible }
    var state: VisibleState.State { machine.visible.state }

    /// The effects of one event, without log lines.
    @discardableResult
    func send(_ event: DeviceEvent) -> [DeviceEffect] {
        var visibleEffects: [DeviceEffect] = []
        switch event {
        case .controlDone, .controlLost: pending = nil
        default: break
        }
        for effect in machine.handle(event, at: now) {
            switch effect {
            case .log(let level, let text): logged.append((level, text))
            case .control(let step):
                commands.append(step)
                pending = step
                visibleEffects.append(effect)
            case .arm(let timer, let at):
                timers[timer] = at
                visibleEffects.append(effect)
            case .disarm(let timer):
                timers[timer] = nil
                visibleEffects.append(effect)
            default: visibleEffects.append(effect)
            }
        }
        return visibleEffects
    }

    /// The effects of one event, without log lines and timers.
    @discardableResult
    func acts(_ event: DeviceEvent) -> [DeviceEffect] {
        send(event).filter {
            switch $0 {
            case .arm, .disarm: false
            default: true
            }
        }
    }

    func wait(milliseconds: UInt64) { now = now.adding(milliseconds: milliseconds) }

    /// Milliseconds until `timer` fires; nil when it is not armed.
    func remaining(_ timer: DeviceTimer) -> UInt64? { timers[timer]?.milliseconds(since: now) }

    /// Moves the clock to the timer and lets it fire.
    @discardableResult
    func fire(_ timer: DeviceTimer) -> [DeviceEffect] {
        if let at = timers.removeValue(forKey: timer), at > now { now = at }
        return acts(.timer(timer))
    }

    @discardableResult
    func done(_ step: ControlStep, _ result: Int32 = 0) -> [DeviceEffect] {
        acts(
            .controlDone(
                step, result: result, deviceID: step == .addDevice && result >= 0 ? Self.device : nil))
    }

    /// A fresh worker with an id and a pid of its own.
    func freshWorker() -> WorkerRef {
        workersGiven += 1
        return .number(workersGiven)
    }
}

extension WorkerRef {
    static func number(_ n: UInt32) -> WorkerRef {
        WorkerRef(id: WorkerID(rawValue: n), pid: 1000 + Int32(n))
    }
}

extension BackendFacts {
    static let sample = BackendFacts(size: 1 << 30)
}

extension Failure {
    static let missing = Failure(.backingMissing, "/srv/data.img is not there: create it")
}
