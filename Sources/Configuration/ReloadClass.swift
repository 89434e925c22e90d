/// What it takes to bring a running device to another configuration, the mildest first.
public enum ReloadClass: String, Comparable, CaseIterable, Sendable {
    /// Applied while the device serves, unnoticed.
    case live
    /// A hand-over to a fresh worker: I/O waits but does not fail.
    case worker
    /// The device must be deleted and made anew, so it must be closed.
    case recreate

    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .live: 0
        case .worker: 1
        case .recreate: 2
        }
    }
}

/// One key that differs between two configurations of a device.
public struct KeyChange: Equatable, Sendable {
    /// As in the file, `queue_depth`.
    public let key: String
    public let reloadClass: ReloadClass

    public init(key: String, reloadClass: ReloadClass) {
        self.key = key
        self.reloadClass = reloadClass
    }
}

/// The keys that differ, in the order of the documentation; empty: nothing to do. The class of the whole is
/// the largest one in it.
///
/// `autostart` and `create` matter only when a device is started, so a change of them is `live`. A `size`
/// that was or becomes "the backend's" says nothing about growth and is `recreate`: who knows the real size
/// of the running device puts it into both.
/// - Parameters:
///   - leadsToSameBackend: the new path was opened and is the same device and inode as the running one.
///   - kernelCanGrow: the kernel has UBLK_F_UPDATE_SIZE and the device carries the flag.
public func changes(
    from old: DeviceConfiguration, to new: DeviceConfiguration, leadsToSameBackend: Bool = false,
    kernelCanGrow: Bool = true
) -> [KeyChange] {
    var found: [KeyChange] = []
    func note(_ key: DeviceKey, _ differs: Bool, _ reloadClass: ReloadClass) {
        if differs { found.append(KeyChange(key: key.rawValue, reloadClass: reloadClass)) }
    }
    let isOtherTarget = old.targetName != new.targetName
    note(.target, isOtherTarget, .recreate)
    note(
        new.faults == nil ? .path : .base, !isOtherTarget && old.target != new.target,
        leadsToSameBackend ? .worker : .recreate)
    if let old = old.faults, let new = new.faults {
        note(.delay, old.delay != new.delay, .worker)
        note(.errorRate, old.errorRate != new.errorRate, .worker)
        note(.hangEvery, old.hangEvery != new.hangEvery, .worker)
    }
    note(.id, old.id != new.id && new.id != nil, .recreate)
    note(.autostart, old.autostart != new.autostart, .live)
    note(.size, old.size != new.size, isGrowth(old.size, new.size) && kernelCanGrow ? .live : .recreate)
    note(.create, old.create != new.create, .live)
    note(.queues, old.queues != new.queues, .recreate)
    note(.queueDepth, old.queueDepth != new.queueDepth, .recreate)
    note(.blockSize, old.blockSize != new.blockSize, .recreate)
    note(.maxIO, old.maxIO != new.maxIO, .recreate)
    note(.readOnly, old.readOnly != new.readOnly, .recreate)
    note(.discard, old.discard != new.discard, .recreate)
    note(.directIO, old.directIO != new.directIO, .worker)
    note(.partitions, old.partitions != new.partitions, .recreate)
    note(.owner, old.owner != new.owner, .live)
    note(.group, old.group != new.group, .live)
    note(.mode, old.mode != new.mode, .live)
    note(.cpus, old.cpus != new.cpus, .live)
    note(.ioMode, old.ioMode != new.ioMode, .recreate)
    note(.lockMemory, old.lockMemory != new.lockMemory, .worker)
    note(.recovery, old.recovery != new.recovery, .recreate)
    note(.restartDelay, old.restartDelay != new.restartDelay, .live)
    note(.restartDelayMax, old.restartDelayMax != new.restartDelayMax, .live)
    note(.restartBurst, old.restartBurst != new.restartBurst, .live)
    note(.restartInterval, old.restartInterval != new.restartInterval, .live)
    note(.onGiveUp, old.onGiveUp != new.onGiveUp, .live)
    note(.stallTimeout, old.stallTimeout != new.stallTimeout, .live)
    note(.requestTimeout, old.requestTimeout != new.requestTimeout, .live)
    return found
}

private func isGrowth(_ old: UInt64?, _ new: UInt64?) -> Bool {
    guard let old, let new else { return false }
    return new > old
}
