internal import StatusWire

extension Failure {
    /// An error reply of ublkd in words.
    ///
    /// - Parameters:
    ///   - verb: the command that was carried out, as it was typed.
    ///   - forceHelps: whether that command knows --force.
    init(_ error: WireError, verb: String, forceHelps: Bool = false) {
        switch error {
        case .noSuchDevice(let name):
            self = .noSuchDevice(name)
        case .busy(let name, let holders):
            self = .busy(name, holders, verb: verb, forceHelps: forceHelps)
        case .configInvalid(let problems):
            let errors = problems.count { $0.severity == .error }
            self.init(
                .configuration,
                "\(verb): the configuration has \(counted(errors, "error")); nothing was changed. "
                    + "Correct the file, then reload again.", problems: problems)
        case .refused(let name, let reason):
            self.init(.failed, Self.sentence(verb, name, "refused: \(reason)"), device: name)
        case .failed(let name, let message):
            self.init(.failed, Self.sentence(verb, name, message), device: name)
        case .timeout(let name):
            self.init(
                .timeout, Self.sentence(verb, name, "ublkd gave up waiting; it may still get there"),
                device: name)
        case .permissionDenied:
            self.init(
                .notPermitted,
                "\(verb): not permitted; only root and members of group ublkd may do this (try sudo)")
        case .expectedMore:
            self.init(.failed, "\(verb): ublkd wants to be asked for several answers")
        case .invalidParameter(let parameter):
            self.init(.failed, "\(verb): ublkd does not accept the parameter '\(parameter)'")
        case .interfaceNotFound(let what), .methodNotFound(let what), .methodNotImplemented(let what):
            self.init(
                .failed,
                "\(verb): the ublkd that runs does not know \(what); it may be older than this ublkctl "
                    + "(restart ublkd.service to run the installed one)")
        case .unknown(let name):
            self.init(
                .failed, "\(verb): ublkd answered with the error \(name), which this ublkctl does not know")
        }
    }

    static func noSuchDevice(_ name: String, known: [String] = []) -> Failure {
        let hint =
            switch known.count {
            case 0: "'ublkctl list' shows the names"
            case 1...8: "there \(known.count == 1 ? "is" : "are") \(known.joined(separator: ", "))"
            default: "'ublkctl list' shows the \(known.count) names there are"
            }
        return Failure(.noSuchDevice, "no such device: '\(name)'; \(hint)", device: name)
    }

    static func busy(_ name: String, _ holders: [Holder], verb: String, forceHelps: Bool) -> Failure {
        let who = holders.isEmpty ? "" : ": \(holders.map(\.sentence).joined(separator: ", "))"
        let remedy = forceHelps ? "close it first, or use --force, which fails its I/O" : "close it first"
        return Failure(
            .busy, "\(verb) \(name): in use\(who); \(remedy)", device: name, holders: holders)
    }

    private static func sentence(_ verb: String, _ name: String?, _ text: String) -> String {
        name.map { "\(verb) \($0): \(text)" } ?? "\(verb): \(text)"
    }
}

extension Holder {
    /// Who it is and how, to stand in a list.
    var sentence: String {
        switch kind {
        case .mount: "mounted on \(path ?? name ?? "an unknown place")"
        case .swap: "used as swap"
        case .process:
            "open in \(name ?? "a process")" + (pid.map { " (pid \($0))" } ?? "")
        case .device: "used by \(name ?? "another device")"
        case .unknown: "open, by whom is not known"
        }
    }
}
