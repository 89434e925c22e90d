/// What a user is told of a device's state, in CONTRACT's words.
public struct VisibleState: Sendable, Equatable {
    public enum State: String, Sendable {
        case absent, starting, live, recovering, degraded, failed, held, stopping, stopped
        case pendingRemoval = "pending-removal"
    }
    public var state: State
    public var reason: Failure.Reason
    public var message: String
    public var nextAttempt: Instant?

    init(_ state: State, _ failure: Failure? = nil, nextAttempt: Instant? = nil) {
        self.state = state
        reason = failure?.reason ?? .none
        message = failure?.message ?? ""
        self.nextAttempt = nextAttempt
    }
}

extension DeviceMachine {
    public var visible: VisibleState { visible(in: phase) }

    private func visible(in phase: DevicePhase) -> VisibleState {
        switch phase {
        case .absent: return VisibleState(.absent)
        case .starting(let starting): return VisibleState(.starting, starting.trouble)
        case .live(let live):
            if live.failing {
                return VisibleState(
                    .failed,
                    Failure(
                        givenUpFor?.reason ?? .crashLoop,
                        "given up: every request is answered with EIO; `ublkctl recover` tries again"
                            + (givenUpFor.map { "; \($0.message)" } ?? "")))
            }
            guard removalPending else { return visible(live) }
            return VisibleState(
                .pendingRemoval,
                Failure(.reloadPending, "no longer configured; it is removed when its last user closes it"))
        case .recovering(let recovering):
            return VisibleState(
                .recovering, recovering.trouble?.failure, nextAttempt: recovering.nextAttempt)
        case .stopping(let stopping):
            if removalPending, let former = stopping.whileTried { return visible(in: former) }
            return VisibleState(.stopping, stopping.trouble)
        case .stopped: return VisibleState(.stopped, Failure(.operatorAsked, "stopped by an operator"))
        case .failed(let failed):
            // An operator's word alone does not cure what the kernel lost.
            let waitsForOperator = failed.held && failed.failure.reason != .kernelUnrecoverable
            return VisibleState(
                waitsForOperator ? .held : .failed, failed.failure, nextAttempt: failed.nextAttempt)
        case .removed: return VisibleState(.absent)
        }
    }

    private func visible(_ live: Live) -> VisibleState {
        if live.isStalled {
            return VisibleState(
                .degraded, Failure(.none, "a queue thread gave no sign of life; its worker is replaced"))
        }
        let failed = live.repairs.filter { $0.value.step == .failed }
        let queues = (failed.isEmpty ? live.repairs : failed).keys.sorted().map { "\($0)" }
            .joined(separator: ", ")
        if let failure = failed.values.compactMap(\.failure).first {
            return VisibleState(
                .degraded,
                Failure(
                    failure.reason == .none ? .backingError : failure.reason,
                    "queue \(queues) has lost its backend, its requests fail: \(failure.message)"),
                nextAttempt: failed.values.compactMap(\.nextAttempt).min())
        }
        guard !live.repairs.isEmpty else { return VisibleState(.live) }
        let trouble = live.repairs.values.compactMap(\.failure).first.map { "; so far: \($0.message)" } ?? ""
        return VisibleState(
            .degraded, Failure(.none, "queue \(queues) is recovered in place, the others go on\(trouble)"))
    }

    /// What the last looks say of each queue's thread; empty: nothing.
    public var queueVerdicts: [StallWatch.Verdict] {
        if case .live(let live) = phase { live.watch.verdicts } else { [] }
    }

    /// N of `/dev/ublkbN`, while the kernel has the device.
    public var deviceID: UInt32? {
        switch phase {
        case .starting(let s): s.deviceID
        case .live(let l): l.deviceID
        case .recovering(let r): r.deviceID
        case .stopping(let s): s.deviceID
        case .failed(let f): f.deviceID
        case .absent, .stopped, .removed: nil
        }
    }

    /// The worker that serves or is to serve.
    public var worker: WorkerRef? {
        switch phase {
        case .starting(let s): s.worker
        case .live(let l): l.worker
        case .recovering(let r): r.worker.ref ?? dying
        case .stopping(let s): s.worker
        case .failed(let f): f.wedge?.worker
        case .absent, .stopped, .removed: nil
        }
    }

    /// It was stopped or removed: there is no disk, and none is on its way.
    public var isAtRest: Bool {
        switch phase {
        case .absent, .stopped, .removed: true
        default: false
        }
    }

    /// Its disk is being taken away.
    public var isStopping: Bool { if case .stopping = phase { true } else { false } }

    /// Its disk is gone: what remains of it goes at the last close.
    public var isDeleting: Bool {
        if case .stopping(let stopping) = phase { stopping.step == .deleting } else { false }
    }

    /// A new worker is on its way into the old one's place.
    public var isHandingOver: Bool {
        switch phase {
        case .live(let live): live.handOver != nil
        case .recovering(let recovering): recovering.record.cause == .upgrade
        default: false
        }
    }

    /// Its worker was told to let go of the device, or is about to be.
    public var isReplacing: Bool { if case .live(let live) = phase { live.isReplacing } else { false } }

    /// Verified LIVE and served by its own target.
    public var isLive: Bool {
        if case .live(let live) = phase { !live.failing } else { false }
    }
}

extension Stopping {
    /// Where the device stands while the kernel is only asked, which most often refuses again; nil: it is stopped, or there is
    /// something newer to tell.
    fileprivate var whileTried: DevicePhase? {
        guard isTry, !force, !killSent, trouble == nil, step == .settling || step == .stopping else {
            return nil
        }
        if let live, !killFirst { return .live(live) }
        return failed.map { .failed($0) }
    }
}
