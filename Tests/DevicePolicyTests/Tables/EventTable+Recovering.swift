// Recovery: what waits for a slot or a death does nothing else meanwhile.
extension EventTable {
    static let recovering: [Situation: String] = [
        .awaitingDeath: """
        start: → recovering
        recover: → recovering
        stop: free slot, +step → stopping
        stopOpen: refused → recovering
        stopForced: free slot, +step → stopping
        remove: free slot, +step → stopping
        removeOpen: → recovering
        given: kill X → recovering
        died: ask slot → recovering
        deviceGone: free slot, +step → stopping
        stepTimer: → recovering (unkillable)
        """,
        .slotAsked: """
        start: → recovering
        recover: → recovering
        stop: free slot, TRY_STOP_DEV → stopping
        stopOpen: refused → recovering
        stopForced: free slot, STOP_DEV → stopping
        remove: free slot, TRY_STOP_DEV → stopping
        removeOpen: → recovering
        given: kill X → recovering
        slot: take, START_USER_RECOVERY → recovering
        deviceGone: free slot, deleted, +retry → failed
        """,
        .workerAsked: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel START_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel START_USER_RECOVERY → stopping
        remove: free slot, cancel START_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: configure X, +step → recovering
        unavailable: free slot, +retry → recovering (backingMissing)
        done: → recovering
        refused: free slot, +retry → failed
        busy: free slot, +verify, holders, query, +retry → recovering
        interrupted: free slot, +verify, holders, query, +retry → recovering
        gone: free slot, deleted, +retry → failed
        lost: free slot → held (controlWedged)
        deviceGone: free slot, cancel START_USER_RECOVERY → stopping
        """,
        .recoveryPreparing: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel START_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel START_USER_RECOVERY → stopping
        remove: free slot, cancel START_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        prepared: → recovering
        preparedSmaller: kill W, +step, free slot, +retry → recovering (backingChanged)
        failed: kill W, +step, free slot, +retry → recovering (backingMissing)
        died: take → recovering (crashLoop)
        done: → recovering
        refused: free slot, kill W, +retry → failed
        busy: free slot, +verify, holders, query, +retry → recovering
        interrupted: free slot, +verify, holders, query, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel START_USER_RECOVERY → stopping
        stepTimer: kill W, +step, free slot, +retry → recovering (backingError)
        """,
        .prepared: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel START_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel START_USER_RECOVERY → stopping
        remove: free slot, cancel START_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        failed: kill W, +step, free slot, +retry → recovering (backingMissing)
        died: take → recovering (crashLoop)
        done: END_USER_RECOVERY → recovering
        refused: free slot, kill W, +retry → failed
        busy: free slot, +verify, holders, query, +retry → recovering
        interrupted: free slot, +verify, holders, query, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel START_USER_RECOVERY → stopping
        stepTimer: kill W, +step, free slot, +retry → recovering (backingError)
        """,
        .endSent: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel END_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel END_USER_RECOVERY → stopping
        remove: free slot, cancel END_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        failed: cancel END_USER_RECOVERY → recovering
        died: cancel END_USER_RECOVERY, take → recovering (crashLoop)
        submitted: attach W and fetch, +step → recovering
        done: → recovering
        refused: kill W, +step, free slot, +retry → recovering
        busy: kill W, +step, free slot, +retry → recovering
        interrupted: kill W, +step, free slot, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel END_USER_RECOVERY → stopping
        stepTimer: cancel END_USER_RECOVERY → recovering
        """,
        .attached: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel END_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel END_USER_RECOVERY → stopping
        remove: free slot, cancel END_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        serving: probe W → recovering
        failed: cancel END_USER_RECOVERY → recovering
        died: cancel END_USER_RECOVERY, take → recovering (crashLoop)
        done: → recovering
        refused: kill W, +step, free slot, +retry → recovering
        busy: kill W, +step, free slot, +retry → recovering
        interrupted: kill W, +step, free slot, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel END_USER_RECOVERY → stopping
        stepTimer: cancel END_USER_RECOVERY → recovering
        """,
        .served: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel END_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel END_USER_RECOVERY → stopping
        remove: free slot, cancel END_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        failed: cancel END_USER_RECOVERY → recovering
        died: cancel END_USER_RECOVERY, take → recovering (crashLoop)
        probe: → recovering
        done: query, +verify → recovering
        refused: kill W, +step, free slot, +retry → recovering
        busy: kill W, +step, free slot, +retry → recovering
        interrupted: kill W, +step, free slot, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel END_USER_RECOVERY → stopping
        stepTimer: cancel END_USER_RECOVERY → recovering
        """,
        .verifyingRecovery: """
        start: → recovering
        recover: → recovering
        stop: free slot, kill W, +step → stopping
        stopOpen: refused → recovering
        stopForced: free slot, kill W, +step → stopping
        remove: free slot, kill W, +step → stopping
        removeOpen: → recovering
        given: kill X → recovering
        failed: kill W, +step, free slot, +retry → recovering (backingMissing)
        died: take, START_USER_RECOVERY → recovering (crashLoop)
        probe: → recovering
        seenLive: → recovering
        deviceGone: free slot, kill W, +step → stopping
        stepTimer: kill W, +step, free slot, +retry → recovering (backingError)
        verifyTimer: query, +verify → recovering
        """,
        .pausing: """
        start: ask slot → recovering (backingMissing)
        recover: ask slot → recovering (backingMissing)
        stop: free slot, TRY_STOP_DEV → stopping
        stopOpen: refused → recovering (backingMissing)
        stopForced: free slot, STOP_DEV → stopping
        remove: free slot, TRY_STOP_DEV → stopping
        removeOpen: → recovering (backingMissing)
        given: kill X → recovering (backingMissing)
        deviceGone: free slot, deleted, +retry → failed
        retryTimer: ask slot → recovering (backingMissing)
        """,
        .draining: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel START_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel START_USER_RECOVERY → stopping
        remove: free slot, cancel START_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        failed: kill W, +step, +retry → recovering
        died: +retry → recovering
        done: ask slot → recovering
        refused: free slot, kill W, +retry → failed
        busy: holders, query, +retry → recovering
        interrupted: holders, query, +retry → recovering
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        seenDead: free slot, cancel START_USER_RECOVERY → stopping
        deviceGone: free slot, cancel START_USER_RECOVERY → stopping
        holders: → recovering (recoveryBlocked)
        stepTimer: kill W, +step, +retry → recovering
        verifyTimer: query, +verify → recovering
        """,
        .filling: """
        start: → recovering (crashLoop)
        recover: → recovering (crashLoop)
        stop: free slot, cancel the filler's FETCHes → stopping
        stopOpen: refused → recovering (crashLoop)
        stopForced: free slot, cancel the filler's FETCHes → stopping
        remove: free slot, cancel the filler's FETCHes → stopping
        removeOpen: → recovering (crashLoop)
        given: configure X, +step → recovering (crashLoop)
        unavailable: free slot, +retry → recovering (backingMissing)
        done: START_USER_RECOVERY → recovering (crashLoop)
        refused: free slot, +verify, holders, query, +retry → recovering (crashLoop)
        busy: free slot, +verify, holders, query, +retry → recovering (crashLoop)
        interrupted: free slot, +verify, holders, query, +retry → recovering (crashLoop)
        gone: free slot, deleted, +retry → failed
        lost: free slot → held (controlWedged)
        deviceGone: free slot, cancel the filler's FETCHes → stopping
        """,
        .condemned: """
        start: → recovering
        recover: → recovering
        stop: free slot, cancel END_USER_RECOVERY → stopping
        stopOpen: refused → recovering
        stopForced: free slot, cancel END_USER_RECOVERY → stopping
        remove: free slot, cancel END_USER_RECOVERY → stopping
        removeOpen: → recovering
        given: kill X → recovering
        serving: → recovering
        died: cancel END_USER_RECOVERY, free slot, +retry → recovering (backingMissing)
        done: kill W, +step, free slot, +retry → recovering (backingMissing)
        refused: kill W, +step, free slot, +retry → recovering (backingMissing)
        busy: kill W, +step, free slot, +retry → recovering (backingMissing)
        interrupted: kill W, +step, free slot, +retry → recovering (backingMissing)
        gone: free slot, kill W, +step → stopping
        lost: free slot, kill W → held (controlWedged)
        deviceGone: free slot, cancel END_USER_RECOVERY → stopping
        """,
    ]
}
