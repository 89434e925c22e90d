public import ConfigText

/// The outcome of checking a whole configuration.
public enum ConfigurationCheck: Sendable {
    /// It may be used; the warnings are to be shown.
    case valid(HostConfiguration, warnings: [Diagnostic])
    /// Nothing of it may be used. Errors and warnings by file and position, at most `Diagnostic.limit`, at
    /// least one error.
    case invalid([Diagnostic])

    /// The configuration, if there is one.
    public var configuration: HostConfiguration? {
        if case .valid(let configuration, _) = self { return configuration }
        return nil
    }

    /// All there is to say, errors and warnings.
    public var diagnostics: [Diagnostic] {
        switch self {
        case .valid(_, let warnings): warnings
        case .invalid(let problems): problems
        }
    }
}

/// Reads and checks a configuration whole: grammar, keys, types, ranges, and what devices have to agree on.
/// What a syntax error leaves readable is checked as well, so that all errors are told at once.
///
/// Nothing on the host is looked at: whether users, groups and backends exist is known when a device starts.
/// - Parameters:
///   - sources: the main file first, then the drop-ins in name order, which hold `[device.*]` only.
public func check(
    sources: [(file: String, bytes: [UInt8])], hostFacts: HostFacts
) -> ConfigurationCheck {
    var checker = Checker(
        documents: sources.map { TOMLDocument(parsing: $0.bytes, file: $0.file) }, hostFacts: hostFacts)
    return checker.run()
}
