import ConfigText
import Configuration
import Testing

let host = HostFacts(cpuCount: 4)

func checked(_ text: String, dropIns: [(file: String, text: String)] = []) -> ConfigurationCheck {
    let main = [(file: "ublkd.toml", bytes: Array(text.utf8))]
    return Configuration.check(
        sources: main + dropIns.map { (file: $0.file, bytes: Array($0.text.utf8)) }, hostFacts: host)
}

/// The configuration of a text that must be fine.
func configuration(
    _ text: String, dropIns: [(file: String, text: String)] = [],
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> HostConfiguration {
    let result = checked(text, dropIns: dropIns)
    let problems = result.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    return try #require(result.configuration, "\(problems)", sourceLocation: sourceLocation)
}

/// `LINE:COLUMN MESSAGE` of each error; the file is named where it is not the main one.
func errors(_ text: String, dropIns: [(file: String, text: String)] = []) -> [String] {
    guard case .invalid(let problems) = checked(text, dropIns: dropIns) else { return [] }
    return problems.filter { $0.severity == .error }.map { problem in
        let file = problem.file == "ublkd.toml" ? "" : "\(problem.file):"
        return "\(file)\(problem.position?.line ?? 0):\(problem.position?.column ?? 0) \(problem.message)"
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
