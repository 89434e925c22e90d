import DevicePolicy
import Testing

/// A policy with a bug must not get through an ordinary run, and the rule that it breaks has to say so: else the
/// simulation looks away somewhere.
struct MutantTests {
    @Test(arguments: Mutant.Bug.allCases)
    func theSimulationFinds(bug: Mutant.Bug) {
        var first: UInt64?
        for seed in 0..<UInt64(SimulationTests.ordinary) {
            guard let violation = Run(seed: seed, bug: bug).violation else { continue }
            first = first ?? seed
            guard violation.contains(bug.rule) else { continue }
            print(
                "\(bug): found by sequence \((first ?? seed) + 1), by its rule in sequence \(seed + 1) (seed \(seed)): \(violation)"
            )
            return
        }
        Issue.record(
            "\(SimulationTests.ordinary) sequences do not say \"\(bug.rule)\"; the first violation is in seed \(first.map(String.init) ?? "none")"
        )
    }
}
