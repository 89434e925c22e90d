/// Every key of a device, in the order of the documentation.
enum DeviceKey: String, CaseIterable {
    case target
    case path
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
    var namesOneDevice: Bool { self == .path || self == .id }

    /// The targets that know the key; nil: all.
    var targets: [String]? {
        switch self {
        case .path, .create, .directIO: ["file"]
        default: nil
        }
    }
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
