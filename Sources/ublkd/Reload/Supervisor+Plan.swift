import StatusWire

extension Supervisor {
    /// What a reload would do, without doing it.
    func plan(_ answer: @escaping Answer) {
        planned { result in answer(result.map { .plan($0.map { PlannedChange($0) }) }) }
    }
}

extension PlannedChange {
    init(_ outcome: ReloadOutcome) {
        self.init(
            name: outcome.name, changeClass: outcome.changeClass, action: outcome.action,
            reason: outcome.reason, holders: outcome.holders)
    }
}
