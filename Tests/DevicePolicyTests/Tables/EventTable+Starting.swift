// A start that is given up takes back what it did, and a command that is under way ends first.
extension EventTable {
    static let starting: [Situation: String] = [
        .waitingForWorker: """
        stop: → stopped (operatorAsked)
        stopOpen: → stopped (operatorAsked)
        stopForced: → stopped (operatorAsked)
        remove: removed → absent
        removeOpen: removed → absent
        given: configure X → starting
        unavailable: +retry → failed (backingMissing)
        stepTimer: +retry → failed (backingError)
        """,
        .preparing: """
        stop: kill W → stopped (operatorAsked)
        stopOpen: kill W → stopped (operatorAsked)
        stopForced: kill W → stopped (operatorAsked)
        remove: kill W, +step → starting
        removeOpen: kill W, +step → starting
        given: kill X → starting
        prepared: ADD_DEV → starting
        preparedSmaller: ADD_DEV → starting
        failed: kill W, +retry → failed (backingMissing)
        died: +retry → failed (backingError)
        stepTimer: kill W, +retry → failed (backingError)
        """,
        .adding: """
        stop: kill W, cancel ADD_DEV → starting
        stopOpen: kill W, cancel ADD_DEV → starting
        stopForced: kill W, cancel ADD_DEV → starting
        remove: kill W, cancel ADD_DEV → starting
        removeOpen: kill W, cancel ADD_DEV → starting
        given: kill X → starting
        failed: kill W, cancel ADD_DEV → starting
        died: cancel ADD_DEV → starting
        done: added, SET_PARAMS → starting
        refused: kill W, +retry → failed
        busy: kill W, +retry → failed
        interrupted: kill W, +retry → failed
        gone: kill W, +retry → failed
        lost: kill W → held (controlWedged)
        stepTimer: kill W, cancel ADD_DEV → starting
        """,
        .addingForNobody: """
        start: → starting
        recover: → starting
        stop: cancel ADD_DEV → starting
        stopOpen: cancel ADD_DEV → starting
        stopForced: cancel ADD_DEV → starting
        remove: cancel ADD_DEV → starting
        removeOpen: cancel ADD_DEV → starting
        given: kill X → starting
        done: added, +step → stopping
        refused: → stopped (operatorAsked)
        busy: → stopped (operatorAsked)
        interrupted: → stopped (operatorAsked)
        gone: → stopped (operatorAsked)
        lost: → held (controlWedged)
        """,
        .settingParameters: """
        stop: cancel SET_PARAMS → stopping
        stopOpen: cancel SET_PARAMS → stopping
        stopForced: cancel SET_PARAMS → stopping
        remove: cancel SET_PARAMS → stopping
        removeOpen: cancel SET_PARAMS → stopping
        given: kill X → starting
        failed: cancel SET_PARAMS → stopping
        died: cancel SET_PARAMS → stopping
        done: attach W, +step → starting
        refused: kill W, +step → stopping
        busy: kill W, +step → stopping
        interrupted: kill W, +step → stopping
        gone: kill W, +step → stopping
        lost: kill W → held (controlWedged)
        deviceGone: cancel SET_PARAMS → stopping
        stepTimer: cancel SET_PARAMS → stopping
        """,
        .attaching: """
        stop: kill W, +step → stopping
        stopOpen: kill W, +step → stopping
        stopForced: kill W, +step → stopping
        remove: kill W, +step → stopping
        removeOpen: kill W, +step → stopping
        given: kill X → starting
        attached: START_DEV → starting
        failed: kill W, +step → stopping
        died: STOP_DEV → stopping
        deviceGone: kill W, +step → stopping
        stepTimer: kill W, +step → stopping
        """,
        .startSent: """
        stop: cancel START_DEV → stopping
        stopOpen: cancel START_DEV → stopping
        stopForced: cancel START_DEV → stopping
        remove: cancel START_DEV → stopping
        removeOpen: cancel START_DEV → stopping
        given: kill X → starting
        failed: cancel START_DEV → stopping
        died: cancel START_DEV → stopping
        submitted: fetch W, +step → starting
        done: kill W, +step → stopping
        refused: kill W, +step → stopping
        busy: kill W, +step → stopping
        interrupted: kill W, +step → stopping
        gone: kill W, +step → stopping
        lost: → held (controlWedged)
        deviceGone: cancel START_DEV → stopping
        stepTimer: cancel START_DEV → stopping
        """,
        .fetching: """
        stop: cancel START_DEV → stopping
        stopOpen: cancel START_DEV → stopping
        stopForced: cancel START_DEV → stopping
        remove: cancel START_DEV → stopping
        removeOpen: cancel START_DEV → stopping
        given: kill X → starting
        serving: → starting
        failed: cancel START_DEV → stopping
        died: cancel START_DEV → stopping
        done: → starting
        refused: kill W, +step → stopping
        busy: kill W, +step → stopping
        interrupted: kill W, +step → stopping
        gone: kill W, +step → stopping
        lost: → held (controlWedged)
        deviceGone: cancel START_DEV → stopping
        stepTimer: cancel START_DEV → stopping
        """,
        .serving: """
        stop: cancel START_DEV → stopping
        stopOpen: cancel START_DEV → stopping
        stopForced: cancel START_DEV → stopping
        remove: cancel START_DEV → stopping
        removeOpen: cancel START_DEV → stopping
        given: kill X → starting
        failed: cancel START_DEV → stopping
        died: cancel START_DEV → stopping
        done: probe W, query, +verify, +step → starting
        refused: kill W, +step → stopping
        busy: kill W, +step → stopping
        interrupted: kill W, +step → stopping
        gone: kill W, +step → stopping
        lost: → held (controlWedged)
        deviceGone: cancel START_DEV → stopping
        stepTimer: cancel START_DEV → stopping
        """,
        .started: """
        stop: kill W, +step → stopping
        stopOpen: kill W, +step → stopping
        stopForced: kill W, +step → stopping
        remove: kill W, +step → stopping
        removeOpen: kill W, +step → stopping
        given: kill X → starting
        serving: probe W, query, +verify, +step → starting
        failed: kill W, +step → stopping
        died: STOP_DEV → stopping
        deviceGone: kill W, +step → stopping
        stepTimer: kill W, +step → stopping
        """,
        .limiting: """
        stop: cancel the write of nr_requests → stopping
        stopOpen: cancel the write of nr_requests → stopping
        stopForced: cancel the write of nr_requests → stopping
        remove: cancel the write of nr_requests → stopping
        removeOpen: cancel the write of nr_requests → stopping
        given: kill X → starting
        failed: cancel the write of nr_requests → stopping
        died: cancel the write of nr_requests → stopping
        done: probe W, query, +verify, +step → starting
        refused: probe W, query, +verify, +step → starting
        busy: probe W, query, +verify, +step → starting
        interrupted: probe W, query, +verify, +step → starting
        gone: probe W, query, +verify, +step → starting
        lost: kill W → held (controlWedged)
        deviceGone: cancel the write of nr_requests → stopping
        stepTimer: cancel the write of nr_requests → stopping
        """,
        .verifyingStart: """
        stop: kill W, +step → stopping
        stopOpen: kill W, +step → stopping
        stopForced: kill W, +step → stopping
        remove: kill W, +step → stopping
        removeOpen: kill W, +step → stopping
        given: kill X → starting
        failed: kill W, +step → stopping
        died: STOP_DEV → stopping
        probe: → starting
        seenLive: → starting
        deviceGone: kill W, +step → stopping
        stepTimer: kill W, +step → stopping
        verifyTimer: query, +verify → starting
        """,
    ]
}
