/// The keys that differ between what a device runs with and what it is to run with, by what each takes.
public struct DeviceChanges: Equatable, Sendable {
    public let live: [KeyChange]
    public let worker: [KeyChange]
    public let recreate: [KeyChange]

    public init(_ changes: [KeyChange]) {
        live = changes.filter { $0.reloadClass == .live }
        worker = changes.filter { $0.reloadClass == .worker }
        recreate = changes.filter { $0.reloadClass == .recreate }
    }
}

extension DeviceConfiguration {
    /// This configuration, with the values of the changed keys taken from `other`.
    public func taking(_ changes: [KeyChange], from other: Self) -> Self {
        var result = self
        for key in changes.compactMap({ DeviceKey(rawValue: $0.key) }) { result.take(key, from: other) }
        return result
    }

    private mutating func take(_ key: DeviceKey, from other: Self) {
        switch key {
        case .target: (target, faults) = (other.target, other.faults)
        case .path, .base: target = other.target
        case .delay: if let value = other.faults?.delay { faults?.delay = value }
        case .errorRate: if let value = other.faults?.errorRate { faults?.errorRate = value }
        case .hangEvery: if let value = other.faults?.hangEvery { faults?.hangEvery = value }
        case .id: id = other.id
        case .autostart: autostart = other.autostart
        case .size: size = other.size
        case .create: create = other.create
        case .queues: queues = other.queues
        case .queueDepth: queueDepth = other.queueDepth
        case .blockSize: blockSize = other.blockSize
        case .maxIO: maxIO = other.maxIO
        case .readOnly: readOnly = other.readOnly
        case .discard: discard = other.discard
        case .directIO: directIO = other.directIO
        case .partitions: partitions = other.partitions
        case .owner: owner = other.owner
        case .group: group = other.group
        case .mode: mode = other.mode
        case .cpus: cpus = other.cpus
        case .ioMode: ioMode = other.ioMode
        case .lockMemory: lockMemory = other.lockMemory
        case .recovery: recovery = other.recovery
        case .restartDelay: restartDelay = other.restartDelay
        case .restartDelayMax: restartDelayMax = other.restartDelayMax
        case .restartBurst: restartBurst = other.restartBurst
        case .restartInterval: restartInterval = other.restartInterval
        case .onGiveUp: onGiveUp = other.onGiveUp
        case .stallTimeout: stallTimeout = other.stallTimeout
        case .requestTimeout: requestTimeout = other.requestTimeout
        }
    }
}
