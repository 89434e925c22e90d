import BlockABI
import DevicePolicy

/// What one run of the simulation is about: drawn from its seed.
struct Scenario {
    var kernel: Bench.Kernel
    var settings: PolicySettings
    /// Steps with faults and operators; then the world calms down.
    var chaoticSteps: Int

    init(_ random: inout SeededRandom) {
        kernel = random.pick(Bench.Kernel.allCases) ?? .modern
        settings = PolicySettings()
        settings.afterGivingUp = random.pick([.retry, .retry, .hold, .fail]) ?? .retry
        settings.restartBurst = random.pick([5, 5, 2, 0]) ?? 5
        settings.survivesWorker = !random.chance(10)
        settings.requestLimit = kernel == .classic ? 128 : nil
        chaoticSteps = 20 + random.below(120)
    }
}
