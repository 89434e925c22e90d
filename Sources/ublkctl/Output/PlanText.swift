internal import StatusWire

/// What `ublkctl plan` prints: a line for each device that differs.
enum PlanText {
    static func rendered(_ changes: [PlannedChange], width: Int? = nil) -> String {
        guard !changes.isEmpty else { return "nothing to do: the devices are as configured\n" }
        var table = Table(columns: [
            Table.Column(title: "NAME", leastWidth: 12), Table.Column(title: "CLASS"),
            Table.Column(title: "ACTION"), Table.Column(title: "REASON"),
        ])
        table.rows = changes.map { change in
            let holders = change.holders?.map(\.sentence) ?? []
            let parts = [change.reason, holders.joined(separator: ", ")].filter { !$0.isEmpty }
            return [
                change.name, change.changeClass.rawValue, change.action.rawValue,
                parts.isEmpty ? "-" : printable(parts.joined(separator: ": ")),
            ]
        }
        return table.rendered(width: width)
    }
}
