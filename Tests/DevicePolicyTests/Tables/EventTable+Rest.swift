// At rest nothing is known of a device but that it is wanted, stopped or gone.
extension EventTable {
    static let rest: [Situation: String] = [
        .absent: """
        start: take, +step → starting
        recover: take, +step → starting
        stop: → stopped (operatorAsked)
        stopOpen: → stopped (operatorAsked)
        stopForced: → stopped (operatorAsked)
        remove: removed → absent
        removeOpen: removed → absent
        adopt: added, became live → live
        given: kill X → absent
        """,
        .stopped: """
        start: take, +step → starting
        recover: take, +step → starting
        remove: removed → absent
        removeOpen: removed → absent
        adopt: added, became live → live
        given: kill X → stopped (operatorAsked)
        """,
        .removed: """
        given: kill X → absent
        """,
    ]
}
