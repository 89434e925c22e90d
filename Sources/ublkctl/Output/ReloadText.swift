internal import StatusWire

/// What `ublkctl reload` prints: a line for each device that differs.
enum ReloadText {
    static func rendered(_ outcomes: [ReloadOutcome], width: Int? = nil) -> String {
        guard !outcomes.isEmpty else { return "nothing to do: the devices are as configured\n" }
        var table = Table(columns: [
            Table.Column(title: "NAME", leastWidth: 12), Table.Column(title: "CLASS"),
            Table.Column(title: "ACTION"), Table.Column(title: "OUTCOME"), Table.Column(title: "REASON"),
        ])
        table.rows = outcomes.map { outcome in
            let reason = reason(outcome)
            return [
                outcome.name, outcome.changeClass.rawValue, outcome.action.rawValue, outcome.outcome.rawValue,
                reason.isEmpty ? "-" : printable(reason),
            ]
        }
        return table.rendered(width: width)
    }

    static func reason(_ outcome: ReloadOutcome) -> String {
        guard let holders = outcome.holders, !holders.isEmpty else { return outcome.reason }
        let who = holders.map(\.sentence).joined(separator: ", ")
        return outcome.reason.isEmpty ? who : "\(outcome.reason): \(who)"
    }
}
