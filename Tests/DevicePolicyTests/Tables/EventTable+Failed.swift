// Not serving: with a disk its I/O waits.
extension EventTable {
    static let failed: [Situation: String] = [
        .failedWithoutDisk: """
        start: take, +step → starting
        recover: take, +step → starting
        stop: → stopped (operatorAsked)
        stopOpen: → stopped (operatorAsked)
        stopForced: → stopped (operatorAsked)
        remove: removed → absent
        removeOpen: removed → absent
        given: kill X → failed (backingMissing)
        retryTimer: take, +step → starting
        """,
        .failedWithDisk: """
        start: ask slot → recovering
        recover: ask slot → recovering
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → failed (crashLoop)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → failed (crashLoop)
        given: kill X → failed (crashLoop)
        deviceGone: deleted → failed (crashLoop)
        retryTimer: ask slot → recovering (crashLoop)
        """,
        .held: """
        start: ask slot → recovering
        recover: ask slot → recovering
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → held (crashLoop)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → held (crashLoop)
        given: kill X → held (crashLoop)
        deviceGone: deleted → held (crashLoop)
        """,
        .wedged: """
        start: → held (controlWedged)
        recover: → held (controlWedged)
        stop: → held (controlWedged)
        stopOpen: → held (controlWedged)
        stopForced: → held (controlWedged)
        remove: → held (controlWedged)
        removeOpen: → held (controlWedged)
        given: kill X → held (controlWedged)
        returned: STOP_DEV → stopping
        deviceGone: deleted → held
        """,
    ]
}
