public import CUblk

/// `dev_info.state` of a device as GET_DEV_INFO tells it.
public enum KernelState: UInt16, Sendable {
    case dead = 0
    case live = 1
    case quiesced = 2
    case failIO = 3

    /// The spelling that users see.
    public var name: String {
        switch self {
        case .dead: "DEAD"
        case .live: "LIVE"
        case .quiesced: "QUIESCED"
        case .failIO: "FAIL_IO"
        }
    }
}

/// What the driver knows of one device: the answer of GET_DEV_INFO, and what ADD_DEV takes and gives back.
public struct DeviceInfo: Sendable, Equatable {
    /// N of `/dev/ublkbN`.
    public var id: UInt32
    public var queues: UInt16
    /// Tags of a queue.
    public var queueDepth: UInt16
    /// Bytes.
    public var maxIO: UInt32
    /// Nil when the driver gives a number that this program does not know.
    public var state: KernelState?
    /// tgid of the server; kernel 6.12 keeps the number of a dead one, 7.x says -1 then.
    public var serverPID: Int32
    public var flags: DeviceFlags
    /// `ublksrv_flags`: stored by the driver untouched, so it tells whose device this is.
    public var cookie: UInt64

    public init(
        id: UInt32, queues: UInt16, queueDepth: UInt16, maxIO: UInt32, state: KernelState? = .dead,
        serverPID: Int32 = -1, flags: DeviceFlags, cookie: UInt64
    ) {
        self.id = id
        self.queues = queues
        self.queueDepth = queueDepth
        self.maxIO = maxIO
        self.state = state
        self.serverPID = serverPID
        self.flags = flags
        self.cookie = cookie
    }

    public init(_ raw: cu_dev_info) {
        self.init(
            id: raw.dev_id, queues: raw.nr_hw_queues, queueDepth: raw.queue_depth,
            maxIO: raw.max_io_buf_bytes,
            state: KernelState(rawValue: raw.state), serverPID: raw.ublksrv_pid,
            flags: DeviceFlags(rawValue: raw.flags), cookie: raw.ublksrv_flags)
    }

    /// The request form for ADD_DEV. State and pid are zero: kernel 6.12 would keep what it is given.
    public var addRequest: cu_dev_info {
        var raw = cu_dev_info()
        raw.nr_hw_queues = queues
        raw.queue_depth = queueDepth
        raw.max_io_buf_bytes = maxIO
        raw.dev_id = id
        raw.flags = flags.rawValue
        raw.ublksrv_flags = cookie
        return raw
    }

    /// As `id` in ADD_DEV: the kernel chooses.
    public static var anyID: UInt32 { UInt32.max }
}
