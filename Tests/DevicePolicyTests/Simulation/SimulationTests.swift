import DevicePolicy
import Testing

#if canImport(Glibc)
    internal import Glibc
#endif

/// Random legal orders of everything that can happen to one device. A failure prints its seed; the run of a
/// seed is always the same, so `UBLKD_SEED=n swift test --filter Simulation` shows it step by step.
struct SimulationTests {
    /// Sequences of an ordinary run.
    static let ordinary = 100_000

    static var sequences: Int { number("UBLKD_SEQUENCES") ?? ordinary }

    /// Every path ends well, and a worker, an agent or ublkd itself has died at every step of them.
    @Test func everyPathEndsWell() async {
        if let seed = Self.number("UBLKD_SEED") { return Self.show(UInt64(seed), whole: true) }
        let total = Self.sequences
        let chunks = 64
        var coverage = Coverage()
        var failing: [UInt64] = []
        await withTaskGroup { group in
            for chunk in 0..<chunks {
                group.addTask { Self.run(total * chunk / chunks..<total * (chunk + 1) / chunks) }
            }
            for await (seeds, met) in group {
                failing += seeds
                coverage.add(met)
            }
        }
        for seed in failing.sorted().prefix(3) { Self.show(seed) }
        #expect(failing.isEmpty, "sequences that fail, at most three of each of \(chunks) parts of \(total)")
        guard total >= Self.ordinary else { return }
        #expect(coverage.neverVisited.isEmpty)
        for fault in Coverage.Fault.allCases {
            #expect(coverage.missed(by: fault).isEmpty, "no \(fault) there in \(total) sequences")
        }
    }

    private static func run(_ seeds: Range<Int>) -> (failing: [UInt64], Coverage) {
        var coverage = Coverage()
        var failing: [UInt64] = []
        for seed in seeds where failing.count < 3 {
            let run = Run(seed: UInt64(seed))
            coverage.add(run.world.coverage)
            if run.violation != nil { failing.append(UInt64(seed)) }
        }
        return (failing, coverage)
    }

    private static func show(_ seed: UInt64, whole: Bool = false) {
        let run = Run(seed: seed, traced: true)
        let trace = run.world.trace?.suffix(whole ? .max : 90).joined(separator: "\n") ?? ""
        if let violation = run.violation {
            Issue.record("seed \(seed): \(violation)\n\(run.world.scenario)\n\(trace)")
        } else {
            print("seed \(seed) ends well\n\(run.world.scenario)\n\(trace)")
        }
    }

    private static func number(_ name: String) -> Int? {
        unsafe getenv(name).flatMap { unsafe Int(String(cString: $0)) }
    }
}
