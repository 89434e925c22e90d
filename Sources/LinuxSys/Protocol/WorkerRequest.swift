public import BlockABI

/// What a worker serves.
public enum WorkerTarget: Sendable, Equatable {
    /// `size` bytes of zeroes; writes are dropped.
    case null(size: UInt64)
    /// `size` bytes in the memfd that comes with the record.
    case memory(size: UInt64)
    case file(FileTarget)
    /// Answers every request with EIO; `size` bytes.
    case failing(size: UInt64)
}

public struct FileTarget: Sendable, Equatable {
    /// Absolute path of a regular file or block device.
    public var path: String
    /// Bytes wanted; nil: the backend's own size.
    public var size: UInt64?
    /// Make (root, 0600, sparse) or grow the regular file to `size`.
    public var create: Bool
    public var directIO: Bool
    /// What an earlier worker of this device found; another backend is refused.
    public var expected: BackendIdentity

    public init(path: String, size: UInt64?, create: Bool, directIO: Bool, expected: BackendIdentity) {
        self.path = path
        self.size = size
        self.create = create
        self.directIO = directIO
        self.expected = expected
    }
}

/// All that turns a spare worker into the worker of one device.
public struct WorkerSpec: Sendable, Equatable {
    /// The device's name: for messages and the process title.
    public var name: String
    public var target: WorkerTarget
    /// What goes wrong over `target` on purpose; nil: nothing.
    public var faults: InjectedFaults?
    public var readOnly: Bool
    public var discard: Bool
    public var queues: UInt16
    /// Tags of a queue, the spare one of classic kernels included.
    public var queueDepth: UInt16
    /// Bytes of the largest request.
    public var maxIO: UInt32
    public var lockMemory: Bool
    /// CPU list of each queue; empty: the kernel's affinity is used.
    public var cpus: [[Int32]]
    /// The user that serves; 0 keeps root (and drops the capabilities all the same).
    public var uid: UInt32
    public var gid: UInt32
    /// Milliseconds that a request may take below; 0: any time.
    public var requestLimit: UInt64
    /// The backend is another worker's still: it is opened when `admit` comes.
    public var opensOnOrder = false
    /// Bytes of a logical block of the disk; 0 while there is none.
    public var diskBlock: UInt32 = 0

    public init(
        name: String, target: WorkerTarget, faults: InjectedFaults? = nil, readOnly: Bool, discard: Bool,
        queues: UInt16, queueDepth: UInt16, maxIO: UInt32, lockMemory: Bool, cpus: [[Int32]], uid: UInt32,
        gid: UInt32, requestLimit: UInt64 = 0
    ) {
        self.name = name
        self.target = target
        self.faults = faults
        self.readOnly = readOnly
        self.discard = discard
        self.queues = queues
        self.queueDepth = queueDepth
        self.maxIO = maxIO
        self.lockMemory = lockMemory
        self.cpus = cpus
        self.uid = uid
        self.gid = gid
        self.requestLimit = requestLimit
    }
}

/// ublkd to worker.
public enum WorkerRequest: Sendable, Equatable {
    /// Open and check the backend, make rings and buffers; everything that can fail and needs no device.
    /// Descriptors: the status page, then the memfd of a `memory` target. Answer: `prepared` or `failed`.
    case configure(WorkerSpec)
    /// To a worker whose order said `opensOnOrder`: the backend may be opened now. Answer: `prepared` or `failed`.
    case admit
    /// Open `/dev/ublkcN`, map it, fix it in every ring, drop every privilege, start the queue threads.
    /// Descriptor: a duplicate of ublkd's end of this socket. Answer: `attached` or `failed`; with
    /// `fetchNow` the FETCHes follow at once and the answer is `serving`. `affinity` is the kernel's CPU set
    /// of each queue, used where the spec names none.
    case attach(device: UInt32, fetchNow: Bool, affinity: [[Int32]])
    /// Submit the FETCHes. Answer: `serving`.
    case fetch
    /// Every queue thread answers with this number in the status page.
    case probe(UInt64)
    /// The queue builds its backend anew while the others go on: from the descriptor that comes along, or without
    /// one from what it has. Answer: `queueRecovered` or `queueNotRecovered`.
    case recoverQueue(UInt16)
    /// There is no backend for the queue: what waits there is answered with this error.
    case giveUpQueue(UInt16, Errno)
    /// Milliseconds that a request may take below; 0: any time.
    case limitRequests(UInt64)
}

/// Worker to ublkd.
public enum WorkerReply: Sendable, Equatable {
    /// First record of every worker. `build` is the program's version.
    case hello(protocolVersion: UInt32, pid: Int32, build: String)
    case prepared(BackendFacts)
    /// Everything is made but the backend is not opened: `admit` is waited for.
    case ready
    case attached
    /// Every slot of every queue is fetched.
    case serving
    /// The worker could not do what it was asked and exits. `what` is a sentence without the device's name.
    case failed(stage: WorkerStage, errno: Errno, what: String)
    /// The driver aborted every slot (stop or quiesce); the worker exits.
    case ended
    /// The queue sends nothing below until it is given a backend. ETIMEDOUT: a request got too old there.
    case queueNeedsBackend(UInt16, Errno)
    case queueRecovered(UInt16)
    /// The new backend could not be taken on: only a new worker helps.
    case queueNotRecovered(UInt16, Errno)
}

/// How far a worker that failed had come.
public enum WorkerStage: UInt8, Sendable, CaseIterable {
    case version = 0
    /// The backend is absent.
    case backendMissing = 1
    /// The backend is another one than before, or has another size.
    case backendChanged = 2
    /// The backend is there but cannot be used.
    case backendError = 3
    /// Memory, rings, threads.
    case resources = 4
    /// `/dev/ublkcN`.
    case device = 5
    /// Dropping privileges.
    case privileges = 6
    case fetch = 7
}
