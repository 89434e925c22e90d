import DevicePolicy
import Testing

#if canImport(Glibc)
    internal import Glibc
#endif

/// Random legal orders of everything that can happen to one device. A failure prints its seed; the run of a
/// seed is always the same, so `UBLKD_SEED=n swift test --filter Simulation` shows it step by step.
struct SimulationTests {
    static let chunks = 16

    /// Sequences in all.
    static var sequences: Int { number("UBLKD_SEQUENCES") ?? 20_000 }

    @Test(arguments: 0..<chunks)
    func everyPathEndsWell(chunk: Int) {
        if let seed = Self.number("UBLKD_SEED") {
            if chunk == 0 { Self.show(UInt64(seed)) }
            return
        }
        let share = Self.sequences / Self.chunks
        var failures = 0
        for number in 0..<share where failures < 3 {
            let seed = UInt64(chunk * share + number)
            if Run(seed: seed).violation != nil {
                failures += 1
                Self.show(seed)
            }
        }
    }

    private static func show(_ seed: UInt64) {
        let run = Run(seed: seed, traced: true)
        let trace = run.world.trace?.suffix(90).joined(separator: "\n") ?? ""
        if let violation = run.violation {
            Issue.record("seed \(seed): \(violation)\n\(run.world.scenario)\n\(trace)")
        }
    }

    private static func number(_ name: String) -> Int? {
        unsafe getenv(name).flatMap { unsafe Int(String(cString: $0)) }
    }
}
