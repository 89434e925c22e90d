// LIVE, and the disk that waits to be removed, fails on purpose, or has a worker that is about to go.
extension EventTable {
    static let serving: [Situation: String] = [
        .live: """
        recover: kill W, +step → recovering
        replace: QUIESCE_DEV → live
        grow: UPDATE_SIZE → live
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
        replace: QUIESCE_DEV → pending-removal (reloadPending)
        grow: UPDATE_SIZE → pending-removal (reloadPending)
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
        replace: QUIESCE_DEV → failed (crashLoop)
        grow: UPDATE_SIZE → failed (crashLoop)
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
        .quiescing: """
        recover: kill W, +step → recovering
        stop: cancel QUIESCE_DEV → stopping
        stopOpen: refused → live
        stopForced: cancel QUIESCE_DEV → stopping
        remove: cancel QUIESCE_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        done: +step → live
        refused: → live
        busy: → live
        interrupted: → live
        gone: query → live
        lost: → held (controlWedged)
        deviceGone: cancel QUIESCE_DEV → stopping
        stepTimer: kill W, +step → live
        """,
        .quiesced: """
        recover: kill W, +step → recovering
        stop: kill W, +step → stopping
        stopOpen: refused → live
        stopForced: kill W, +step → stopping
        remove: kill W, +step → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        deviceGone: kill W, +step → stopping
        stepTimer: kill W, +step → live
        """,
        .growing: """
        recover: kill W, +step → recovering
        stop: cancel UPDATE_SIZE → stopping
        stopOpen: refused → live
        stopForced: cancel UPDATE_SIZE → stopping
        remove: cancel UPDATE_SIZE → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        done: resized → live
        refused: → live
        busy: → live
        interrupted: → live
        gone: query → live
        lost: → held (controlWedged)
        deviceGone: cancel UPDATE_SIZE → stopping
        """,
    ]
}
