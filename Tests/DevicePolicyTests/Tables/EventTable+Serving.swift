// LIVE, and the disk that waits to be removed, fails on purpose, or has a worker that is about to go.
extension EventTable {
    static let serving: [Situation: String] = [
        .live: """
        recover: kill W, +step → recovering
        replace: take, +step → live
        upgrade: take new program, +step → live
        grow: UPDATE_SIZE → live
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → live
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill W, +step → live
        died: ask slot → recovering
        queueNeeds: open for 0 → degraded
        queueFails: kill W, +step → recovering
        recoverQueue: open for 0 → degraded
        deviceGone: kill W, +step → stopping
        """,
        .livePendingRemoval: """
        start: → live
        recover: kill W, +step → recovering
        replace: take, +step → pending-removal (reloadPending)
        upgrade: take new program, +step → pending-removal (reloadPending)
        grow: UPDATE_SIZE → pending-removal (reloadPending)
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → pending-removal (reloadPending)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → pending-removal (reloadPending)
        failed: kill W, +step → pending-removal (reloadPending)
        died: ask slot → recovering
        queueNeeds: open for 0 → pending-removal (reloadPending)
        queueFails: kill W, +step → recovering
        recoverQueue: open for 0 → pending-removal (reloadPending)
        deviceGone: kill W, +step → stopping
        closed: TRY_STOP_DEV → pending-removal (reloadPending)
        """,
        .liveFailing: """
        recover: kill W, +step → recovering
        replace: take, +step → failed (crashLoop)
        upgrade: take new program, +step → failed (crashLoop)
        grow: UPDATE_SIZE → failed (crashLoop)
        stop: TRY_STOP_DEV → stopping
        stopOpen: refused → failed (crashLoop)
        stopForced: STOP_DEV → stopping
        remove: TRY_STOP_DEV → stopping
        removeOpen: → failed (crashLoop)
        given: kill X → failed (crashLoop)
        failed: kill W, +step → failed (crashLoop)
        died: ask slot → recovering
        queueNeeds: open for 0 → failed (crashLoop)
        queueFails: kill W, +step → recovering
        recoverQueue: open for 0 → failed (crashLoop)
        deviceGone: kill W, +step → stopping
        """,
        .liveDying: """
        recover: kill W, +step → recovering
        upgrade: not handed over → live
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
        .handOverAsked: """
        recover: not handed over, kill W, +step → recovering
        stop: not handed over, TRY_STOP_DEV → stopping
        stopOpen: refused → live
        stopForced: not handed over, STOP_DEV → stopping
        remove: not handed over, TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: configure X beside → live
        unavailable: not handed over → live
        failed: not handed over, kill W, +step → live
        died: not handed over, ask slot → recovering
        queueNeeds: open for 0 → degraded
        queueFails: not handed over, kill W, +step → recovering
        recoverQueue: open for 0 → degraded
        deviceGone: not handed over, kill W, +step → stopping
        stepTimer: not handed over → live
        """,
        .handOverPreparing: """
        recover: kill X, not handed over, kill W, +step → recovering
        stop: kill X, not handed over, TRY_STOP_DEV → stopping
        stopOpen: refused → live
        stopForced: kill X, not handed over, STOP_DEV → stopping
        remove: kill X, not handed over, TRY_STOP_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        otherReady: QUIESCE_DEV → live
        failed: kill X, not handed over, kill W, +step → live
        otherFailed: kill X, not handed over → live
        died: kill X, not handed over, ask slot → recovering
        otherDied: not handed over → live
        queueNeeds: open for 0 → degraded
        queueFails: kill X, not handed over, kill W, +step → recovering
        recoverQueue: open for 0 → degraded
        deviceGone: kill X, not handed over, kill W, +step → stopping
        stepTimer: kill X, not handed over → live
        """,
        .quiescing: """
        recover: kill X, not handed over, kill W, +step → recovering
        stop: kill X, not handed over, cancel QUIESCE_DEV → stopping
        stopOpen: refused → live
        stopForced: kill X, not handed over, cancel QUIESCE_DEV → stopping
        remove: kill X, not handed over, cancel QUIESCE_DEV → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill X, not handed over, kill W, +step → live
        otherFailed: kill X → live
        died: ask slot → recovering
        otherDied: → live
        done: +step → live
        refused: kill X, not handed over → live
        busy: kill W, +step → recovering
        interrupted: kill W, +step → recovering
        gone: query, kill X, not handed over → live
        lost: kill X, not handed over → held (controlWedged)
        deviceGone: kill X, not handed over, cancel QUIESCE_DEV → stopping
        stepTimer: → live
        """,
        .quiesced: """
        recover: kill X, not handed over, kill W, +step → recovering
        stop: kill X, not handed over, kill W, +step → stopping
        stopOpen: refused → live
        stopForced: kill X, not handed over, kill W, +step → stopping
        remove: kill X, not handed over, kill W, +step → stopping
        removeOpen: → pending-removal (reloadPending)
        given: kill X → live
        failed: kill X, not handed over, kill W, +step → live
        otherFailed: kill X → live
        died: ask slot → recovering
        otherDied: → live
        deviceGone: kill X, not handed over, kill W, +step → stopping
        stepTimer: kill W, +step → live
        """,
        .growing: """
        recover: kill W, +step → recovering
        upgrade: not handed over → live
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
        queueNeeds: open for 0 → degraded
        queueFails: kill W, +step → recovering
        recoverQueue: open for 0 → degraded
        deviceGone: cancel UPDATE_SIZE → stopping
        """,
    ]
}
