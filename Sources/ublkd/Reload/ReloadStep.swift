import StatusWire

/// One thing that a reload does with one device: what is told of it, and the doing. `plan` shows the first
/// and leaves the second.
struct ReloadStep {
    let outcome: ReloadOutcome
    let perform: () -> Void

    init(
        _ name: String, _ changeClass: ReloadOutcome.Class, _ action: ReloadOutcome.Action,
        _ outcome: ReloadOutcome.Outcome, _ reason: String = "", holders: [Holder] = [],
        perform: @escaping () -> Void = {}
    ) {
        self.outcome = ReloadOutcome(
            name: name, changeClass: changeClass, action: action, outcome: outcome, reason: reason,
            holders: holders.isEmpty ? nil : holders)
        self.perform = perform
    }
}
