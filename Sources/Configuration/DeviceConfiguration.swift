/// One device, every value in force: its own keys, else those of `[defaults]`, else the built-in ones.
public struct DeviceConfiguration: Equatable, Sendable {
    /// `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`, unique.
    public var name = ""
    /// The backend's, where `target = "fault"` stands over one.
    public var target = TargetConfiguration.null
    /// The target `fault` over `target`; nil: `target` alone.
    public var faults: FaultConfiguration?
    /// N of `/dev/ublkbN`; nil: the lowest free one.
    public var id: UInt32?
    public var autostart = true
    /// Bytes; nil: the backend's.
    public var size: UInt64?
    /// An absent or too small regular file is made or grown to `size`.
    public var create = false
    /// 1 to 64, and not more than the host's CPUs.
    public var queues = 1
    public var queueDepth = 128
    /// Logical block size in bytes; nil: the backend's, at least 512.
    public var blockSize: UInt32?
    /// Largest request in bytes.
    public var maxIO: UInt32 = 512 << 10
    public var readOnly = false
    public var discard = true
    public var directIO = true
    public var partitions = false
    /// Of `/dev/ublkbN`, with `group` and `mode`.
    public var owner = "root"
    public var group = "disk"
    public var mode: UInt32 = 0o660
    /// CPUs of each queue, ascending, as many lists as queues; nil: the kernel's affinity.
    public var cpus: [[Int]]?
    public var ioMode = IOMode.auto
    public var lockMemory = true
    public var recovery = RecoveryMode.reissue
    public var restartDelay = Milliseconds.milliseconds(100)
    public var restartDelayMax = Milliseconds.seconds(10)
    /// Deaths without service in between; more in `restartInterval` mean `onGiveUp`. 0: never recover.
    public var restartBurst = 5
    public var restartInterval = Milliseconds.seconds(60)
    public var onGiveUp = OnGiveUp.retry
    public var stallTimeout = Milliseconds.seconds(10)
    /// nil: off.
    public var requestTimeout: Milliseconds?

    public init() {}

    public init(name: String, target: TargetConfiguration) {
        self.name = name
        self.target = target
    }

    /// As the key `target` names it.
    public var targetName: String { faults == nil ? target.name : "fault" }
}

/// What a device's data comes from.
public enum TargetConfiguration: Equatable, Sendable {
    /// Reads zeros, forgets writes.
    case null
    /// A memfd that ublkd keeps.
    case memory
    /// A regular file or block device, by its absolute path.
    case file(path: String)

    /// As the key `target` of a device or of its `base` names it.
    public var name: String {
        switch self {
        case .null: "null"
        case .memory: "memory"
        case .file: "file"
        }
    }

    /// Paths are bytes: two that Unicode calls equal may be two files.
    public static func == (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.null, .null), (.memory, .memory): true
        case (.file(let a), .file(let b)): a.utf8.elementsEqual(b.utf8)
        default: false
        }
    }
}

/// What goes wrong on purpose, for trials. Counted and drawn in each queue by itself.
public struct FaultConfiguration: Equatable, Sendable {
    /// Added to each request.
    public var delay = Milliseconds.zero
    /// Share of the requests that are answered with EIO, 0 to 1.
    public var errorRate = 0.0
    /// Every so many requests one never completes; 0: none.
    public var hangEvery: UInt32 = 0

    public init(delay: Milliseconds = .zero, errorRate: Double = 0, hangEvery: UInt32 = 0) {
        self.delay = delay
        self.errorRate = errorRate
        self.hangEvery = hangEvery
    }
}

/// How requests reach the worker.
public enum IOMode: String, CaseIterable, Sendable {
    case auto
    case copy
    case zeroCopy = "zero-copy"
    case batch
}

/// What the kernel does with I/O when the worker dies.
public enum RecoveryMode: String, CaseIterable, Sendable {
    /// In-flight and new requests wait and are served after recovery.
    case reissue
    /// In-flight requests fail, new ones wait.
    case failInflight = "fail-inflight"
    /// All fail until recovered.
    case failIO = "fail-io"
    /// The disk goes with its worker.
    case none
}

/// What happens after more deaths without service than `restart_burst`.
public enum OnGiveUp: String, CaseIterable, Sendable {
    /// Go on at `restart_delay_max`.
    case retry
    /// Wait for an operator.
    case hold
    /// Answer every request with EIO.
    case fail
}
