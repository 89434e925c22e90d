import BlockABI
import DevicePolicy

/// What one run of the simulation is about: drawn from its seed.
struct Scenario {
    /// A fault that stays when all others have gone: the device has to come to a state that names it.
    enum LastingFault: CaseIterable {
        case none
        /// A user never closes the disk.
        case openDisk
        /// The worker waits in the kernel and no signal ends it.
        case stuckWorker
        /// A process that has nothing to do with the device holds its control node.
        case stranger
        case brokenBackend
        /// A dead worker's last request to its backend does not end.
        case fence
        /// Another tool has the number.
        case takenNumber
    }

    var kernel: Bench.Kernel
    var settings: PolicySettings
    /// Steps with faults and operators; then the world calms down.
    var chaoticSteps: Int
    /// A death that meets the machine as soon as it comes to a place.
    var ambush: (fault: Coverage.Fault, place: Coverage.Place)
    var lasting: LastingFault
    /// `recovery = "fail-io"`.
    var failsIO: Bool
    /// How the kernel takes a START_DEV for a reaped process: within a family both are found.
    var refusesReaped: Bool

    init(_ random: inout SeededRandom) {
        kernel = random.pick(Bench.Kernel.allCases) ?? .modern
        settings = PolicySettings()
        settings.afterGivingUp = random.pick([.retry, .retry, .hold, .fail, .fail]) ?? .retry
        settings.restartBurst = random.pick([5, 5, 2, 2, 0]) ?? 5
        settings.survivesWorker = !random.chance(10)
        settings.requestLimit = kernel == .classic ? 128 : nil
        chaoticSteps = 40 + random.below(260)
        ambush = (
            random.pick(Coverage.Fault.allCases) ?? .workerDeath,
            random.pick(Coverage.Place.allCases) ?? .live
        )
        lasting = random.chance(50) ? .none : random.pick(LastingFault.allCases) ?? .none
        failsIO = settings.survivesWorker && kernel.traits.canFailIO && random.chance(15)
        refusesReaped = kernel.traits.mustReaddAfterDeathBeforeStart && random.chance(50)
    }
}
