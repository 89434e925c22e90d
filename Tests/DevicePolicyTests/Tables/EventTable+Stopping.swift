// A stop cannot be taken back once the kernel has it; a second wish says what follows.
extension EventTable {
    static let stopping: [Situation: String] = [
        .settling: """
        start: → stopping
        remove: → stopping
        removeOpen: → stopping
        given: kill X → stopping
        died: cancel START_DEV → stopping
        otherDied: cancel START_DEV → stopping
        done: kill W, +step → stopping
        refused: kill W, +step → stopping
        busy: kill W, +step → stopping
        interrupted: kill W, +step → stopping
        gone: kill W, +step → stopping
        lost: → held (controlWedged)
        deviceGone: → stopping
        stepTimer: kill W, +step → stopping
        """,
        .tryingToStop: """
        start: → stopping
        stopForced: → stopping
        remove: → stopping
        removeOpen: → stopping
        given: kill X → stopping
        died: → stopping
        done: +step → stopping
        refused: refused → live
        busy: refused → live
        interrupted: +retry → stopping
        gone: STOP_DEV → stopping
        late: kill W, +step → stopping
        lost: kill W → held (controlWedged)
        deviceGone: → stopping
        stepTimer: kill W, +step → stopping
        """,
        .stopping: """
        start: → stopping
        remove: → stopping
        removeOpen: → stopping
        given: kill X → stopping
        died: → stopping
        done: +step → stopping
        refused: refused → live
        busy: refused → live
        interrupted: +retry → stopping
        gone: +step → stopping
        late: kill W, +step → stopping
        lost: kill W → held (controlWedged)
        deviceGone: → stopping
        stepTimer: kill W, +step → stopping
        """,
        .leaving: """
        start: → stopping
        stopForced: → stopping
        remove: → stopping
        removeOpen: → stopping
        given: kill X → stopping
        died: DEL_DEV → stopping
        deviceGone: → stopping
        stepTimer: kill W, +step → stopping
        """,
        .deleting: """
        start: → stopping
        stopForced: → stopping
        remove: → stopping
        removeOpen: → stopping
        given: kill X → stopping
        done: deleted → stopped (operatorAsked)
        refused: → held
        busy: → held
        interrupted: +retry → stopping
        gone: deleted → stopped (operatorAsked)
        late: → stopping
        lost: → held (controlWedged)
        deviceGone: → stopping
        """,
    ]
}
