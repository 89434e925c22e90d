// LIVE, and the disk that waits to be removed, fails on purpose, or has a worker that is about to go.
extension EventTable {
    static let serving: [Situation: String] = [
        .live: """
        recover: kill W, +step → recovering
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → live
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        deviceGone: kill W, +step → stopping
        """,
        .livePendingRemoval: """
        start: → live
        recover: kill W, +step → recovering
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → pending-removal (reloadPending)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → pending-removal (reloadPending)
        failed: kill W, +step → pending-removal (reloadPending)
        died: ask slot → recovering
        deviceGone: kill W, +step → stopping
        closed: TRY_STOP_DEV → stopping
        """,
        .liveFailing: """
        recover: kill W, +step → recovering
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → failed (crashLoop)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → failed (crashLoop)
        given: kill X → failed (crashLoop)
        failed: kill W, +step → failed (crashLoop)
        died: ask slot → recovering
        deviceGone: kill W, +step → stopping
        """,
        .liveDying: """
        recover: kill W, +step → recovering
        stop: +step → stopping
        stopOpen: refused → live
        stopForced: +step → stopping
        remove: +step → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        deviceGone: +step → stopping
        stepTimer: +step → recovering
        """,
    ]
}
