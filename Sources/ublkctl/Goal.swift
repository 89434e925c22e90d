internal import StatusWire

/// What a device is to become, and how one sees that it did.
enum Goal: Equatable {
    /// `ublkctl wait --state`: exactly this, or `degraded` for `live`, or not there for `absent`.
    case state(DeviceState)
    /// After `start`: serving.
    case started
    /// After `stop`: not there any more.
    case stopped
    /// After `recover`: serving, and recovered since; the queues when some were named.
    case recovered(queues: [Int])
    /// After a reload that takes a fresh worker: serving, by another one. `keys`: what it is for, in the words of the reload.
    case replaced(keys: String)
    /// After a reload with a larger `size`: serving, and larger.
    case grown
    /// After a reload made its disk anew: serving, and with nothing that still stands against what is configured.
    case remade
    /// After a reload took it out of the configuration: gone, or waiting for its last close.
    case removed

    enum Verdict: Equatable {
        case met
        case notYet
        /// It ended elsewhere, and will not get there.
        case missed
    }

    /// - Parameters:
    ///   - device: as it is now; nil when ublkd knows it no more.
    ///   - before: as it was before the request.
    func verdict(_ device: DeviceSummary?, before: DeviceSummary?) -> Verdict {
        guard let device else {
            switch self {
            case .stopped, .removed, .state(.absent): return .met
            case .state, .started, .recovered, .replaced, .grown, .remade: return .missed
            }
        }
        switch self {
        case .state(let wanted):
            return device.state == wanted || (wanted == .live && device.state == .degraded) ? .met : .notYet
        case .started:
            return device.state.serves ? .met : ended(device, before)
        case .stopped:
            return device.state == .stopped || device.state == .absent ? .met : ended(device, before)
        case .recovered(let queues):
            guard device.state.serves else { return ended(device, before) }
            return wasRecovered(device, before, queues) ? .met : .notYet
        case .replaced(let keys):
            guard device.state.serves else { return ended(device, before) }
            if wasRecovered(device, before, []) { return .met }
            return isRefused(device, keys) ? .missed : .notYet
        case .grown:
            guard device.state.serves else { return ended(device, before) }
            if let size = device.size, size > before?.size ?? 0 { return .met }
            return isRefused(device, "size") ? .missed : .notYet
        case .remade:
            guard device.state.serves else { return ended(device, before) }
            return device.reason == .reloadPending ? .missed : .met
        case .removed:
            return device.state == .pendingRemoval || device.state == .absent ? .met : ended(device, before)
        }
    }

    /// What stands against it by now is this, which was accepted at first.
    private func isRefused(_ device: DeviceSummary, _ keys: String) -> Bool {
        device.reason == .reloadPending && device.message.hasPrefix("\(keys) ")
    }

    /// A failure counts when it is newer than the request: a device may start from a failed state.
    private func ended(_ device: DeviceSummary, _ before: DeviceSummary?) -> Verdict {
        let ends: Set<DeviceState> =
            self == .stopped || self == .removed ? [.held, .failed] : [.held, .failed, .stopped, .absent]
        guard ends.contains(device.state) else { return .notYet }
        let isNews = before.map { $0.state != device.state || $0.since != device.since } ?? true
        return isNews ? .missed : .notYet
    }

    private func wasRecovered(
        _ device: DeviceSummary, _ before: DeviceSummary?, _ queues: [Int]
    ) -> Bool {
        // What had no disk, or none that served, was started or served again.
        guard let before, before.state.serves else { return true }
        if device.recoveries > before.recoveries { return true }
        if let last = device.lastRecovery, last.downtimeSeconds != nil,
            queues.isEmpty || last.scope == .worker, isNewer(last, than: before.lastRecovery)
        {
            return true
        }
        guard !queues.isEmpty else { return false }
        return queues.allSatisfy { index in
            let now = device.queues.first { $0.index == index }
            let old = before.queues.first { $0.index == index }
            return (now?.recoveries ?? 0) > (old?.recoveries ?? 0) && now?.state != .recovering
        }
    }

    /// The wall clock may be set in between, so the monotonic stamp decides where both have it.
    private func isNewer(_ recovery: LastRecovery, than old: LastRecovery?) -> Bool {
        guard let old else { return true }
        if let now = recovery.steps?.detected, let before = old.steps?.detected { return now > before }
        return recovery.startedAt.seconds(since: old.startedAt) > 0.1
    }

    /// What was wanted, for a sentence.
    var wanted: String {
        switch self {
        case .state(let state): state.rawValue
        case .started: "live"
        case .stopped: "stopped"
        case .recovered: "recovered"
        case .replaced: "served by a fresh worker"
        case .grown: "larger"
        case .remade: "made anew"
        case .removed: "removed"
        }
    }
}
