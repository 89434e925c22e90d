internal import ArgumentParser
internal import StatusWire

/// `NAME…|--all`: some devices or every one, but said so.
struct WhichDevices: ParsableArguments {
    @Argument(help: ArgumentHelp("The devices.", valueName: "name"), completion: .deviceNames)
    var names: [String] = []

    @Flag(help: "Every device of this ublkd.")
    var all = false

    func validate() throws {
        if all, !names.isEmpty { throw ValidationError("name devices or use --all, not both") }
        if !all, names.isEmpty { throw ValidationError("name at least one device, or use --all") }
    }

    /// Orphans are left out of `--all`: they are for 'ublkctl cleanup', one by one.
    func resolve(in session: inout Session, verb: String) throws(Failure) -> [DeviceSummary] {
        let devices = try session.devices(named: names, verb: verb)
        return all ? devices.filter { $0.owner == .ours } : devices
    }
}

extension CompletionKind {
    /// What the shell offers for NAME; nothing while ublkd does not run.
    static var deviceNames: CompletionKind { .shellCommand("ublkctl list 2>/dev/null") }
}
