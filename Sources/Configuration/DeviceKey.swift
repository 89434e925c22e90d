/// Every key of a device, in the order of the documentation.
enum DeviceKey: String, CaseIterable {
    case target
    case path
    case base
    case delay
    case errorRate = "error_rate"
    case hangEvery = "hang_every"
    case id
    case autostart
    case size
    case create
    case queues
    case queueDepth = "queue_depth"
    case blockSize = "block_size"
    case maxIO = "max_io"
    case readOnly = "read_only"
    case discard
    case directIO = "direct_io"
    case partitions
    case owner
    case group
    case mode
    case cpus
    case ioMode = "io_mode"
    case lockMemory = "lock_memory"
    case recovery
    case restartDelay = "restart_delay"
    case restartDelayMax = "restart_delay_max"
    case restartBurst = "restart_burst"
    case restartInterval = "restart_interval"
    case onGiveUp = "on_give_up"
    case stallTimeout = "stall_timeout"
    case requestTimeout = "request_timeout"

    /// Says which device it is, so `[defaults]` cannot have it.
    var namesOneDevice: Bool { self == .path || self == .base || self == .id }

    /// The targets that know the key; nil: all.
    var targets: [String]? {
        switch self {
        case .path, .create, .directIO: ["file"]
        case .base, .delay, .errorRate, .hangEvery: ["fault"]
        default: nil
        }
    }

    /// Speaks of the backend: a `fault` device knows it if the target of its base does.
    var isOfBackend: Bool { self == .create || self == .directIO }

    /// `backend` is the same as `target`, or that of its base; nil: not known, so that any key may fit.
    func fits(target: String, backend: String?) -> Bool {
        guard let targets else { return true }
        guard isOfBackend else { return targets.contains(target) }
        return backend.map { targets.contains($0) } ?? true
    }
}

/// Every key of `base`: those that say which backend it is. The rest are the device's.
enum BaseKey: String, CaseIterable {
    case target
    case path
}

/// Every key of `[daemon]`, in the order of the documentation.
enum DaemonKey: String, CaseIterable {
    case workerUser = "worker_user"
    case controlTimeout = "control_timeout"
    case spareWorkers = "spare_workers"
    case maxRecoveries = "max_recoveries"
    case startTimeout = "start_timeout"
    case shutdownGrace = "shutdown_grace"
    case instance
}
