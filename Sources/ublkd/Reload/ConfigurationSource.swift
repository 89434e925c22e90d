import ConfigText
import Configuration
import LinuxSys
import StatusWire

/// Reads the configuration files whole.
struct ConfigurationSource {
    let path: String

    enum Outcome {
        case valid(HostConfiguration, warnings: [Diagnostic])
        case invalid([Diagnostic])
    }

    func read() -> Outcome {
        let files = ConfigurationFiles(main: path)
        guard files.problems.isEmpty else {
            return .invalid(files.problems.map { Diagnostic(file: $0.path, $0.message, hint: $0.hint) })
        }
        let sources = files.files.map { (file: $0.path, bytes: $0.bytes) }
        switch check(sources: sources, hostFacts: HostFacts(cpuCount: Host.cpuCount)) {
        case .valid(let configuration, let warnings): return .valid(configuration, warnings: warnings)
        case .invalid(let diagnostics): return .invalid(diagnostics)
        }
    }

    /// What `serialize` made of one.
    static func parse(_ text: String) -> HostConfiguration? {
        check(sources: [("", Array(text.utf8))], hostFacts: HostFacts(cpuCount: Host.cpuCount)).configuration
    }

    /// The configuration that was in force last, if there is one that can still be read.
    static func lastGood(_ state: StateStore) -> HostConfiguration? {
        guard let bytes = state.lastGood() else { return nil }
        return check(sources: [(state.lastGoodPath, bytes)], hostFacts: HostFacts(cpuCount: Host.cpuCount))
            .configuration
    }
}

extension Problem {
    init(_ d: Diagnostic) {
        self.init(
            severity: d.severity == .error ? .error : .warning, file: d.file, line: d.position?.line ?? 0,
            column: d.position?.column ?? 0, length: d.length, message: d.message, excerpt: d.excerpt?.text,
            hint: d.hint)
    }
}
