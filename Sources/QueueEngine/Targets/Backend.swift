public import BlockABI
internal import CUblk
internal import Glibc

/// What a worker is to serve, before it was looked at.
public enum BackendSpec: Sendable, Equatable {
    /// `size` bytes of zeroes; writes are dropped.
    case null(size: UInt64)
    /// `size` bytes in a memfd. The descriptor is taken over.
    case memory(size: UInt64, descriptor: Int32)
    case file(FileSpec)
    /// Answers every request with EIO.
    case failing(size: UInt64)
}

/// A regular file or block device below.
public struct FileSpec: Sendable, Equatable {
    /// Absolute path.
    public var path: String
    /// Bytes wanted; nil: the backend's own size.
    public var size: UInt64?
    /// Make or grow a regular file to `size`.
    public var create: Bool
    public var directIO: Bool
    /// What an earlier worker found; `.none` where there was none.
    public var expected: BackendIdentity
    /// Bytes of a logical block of the disk, which its requests are multiples of; 0 while there is none.
    public var diskBlock: UInt32

    public init(
        path: String, size: UInt64?, create: Bool, directIO: Bool, expected: BackendIdentity,
        diskBlock: UInt32 = 0
    ) {
        self.path = path
        self.size = size
        self.create = create
        self.directIO = directIO
        self.expected = expected
        self.diskBlock = diskBlock
    }
}

/// An opened, locked and checked backend, shared by the queues of its device.
public struct Backend: ~Copyable {
    public let facts: BackendFacts
    /// The open file; -1 for a target without one.
    private let descriptor: Int32
    /// The same opened again, for the queues after the first, where each needs an open file of its own.
    private let others: [Int32]
    let plan: TargetPlan

    init(facts: BackendFacts, descriptor: Int32, others: [Int32] = [], plan: TargetPlan) {
        self.facts = facts
        self.descriptor = descriptor
        self.others = others
        self.plan = plan
    }

    deinit { for file in [descriptor] + others where file >= 0 { _ = close(file) } }

    func descriptor(of queue: UInt16) -> Int32 {
        queue > 0 && queue <= others.count ? others[Int(queue) - 1] : descriptor
    }

    /// Opens and checks. May wait up to ten seconds for a dead predecessor to let go of the backend.
    /// `readOnly`: nothing below is changed. `discard`: ranges may be given back to the backend. `queues`: that will share it.
    public static func open(
        _ spec: BackendSpec, readOnly: Bool, discard: Bool, queues: UInt16
    ) throws(EngineError) -> Backend {
        switch spec {
        case .null(let size):
            var facts = BackendFacts(size: try wholeBlocks(size), readOnly: readOnly)
            facts.canDiscard = discard && !readOnly
            facts.canWriteZeroes = !readOnly
            facts.discardGranularity = 4096
            return Backend(facts: facts, descriptor: -1, plan: .null)
        case .failing(let size):
            let facts = BackendFacts(size: try wholeBlocks(size), readOnly: readOnly)
            return Backend(facts: facts, descriptor: -1, plan: .failing)
        case .memory(let size, let descriptor):
            return try openMemory(size: size, descriptor, readOnly: readOnly, discard: discard)
        case .file(let file):
            var opening = FileOpening(file, readOnly: readOnly, discard: discard, queues: queues)
            return try opening.open()
        }
    }

    static func wholeBlocks(_ size: UInt64) throws(EngineError) -> UInt64 {
        let whole = size & ~511
        guard whole > 0 else {
            throw EngineError(
                .unusable, .invalidArgument, "a size of \(size) bytes is less than one block of 512")
        }
        return whole
    }

    private static func openMemory(
        size: UInt64, _ descriptor: Int32, readOnly: Bool, discard: Bool
    ) throws(EngineError) -> Backend {
        let whole = try wholeBlocks(size)
        var found = cu_file_facts()
        let result = cu_file_facts(descriptor, &found)
        guard result == 0 else {
            _ = close(descriptor)
            throw EngineError(.unusable, Errno(-result), "the memory of the device did not arrive")
        }
        var facts = BackendFacts(size: whole, identity: .memory(inode: found.inode), readOnly: readOnly)
        facts.canDiscard = discard && !readOnly
        facts.canWriteZeroes = !readOnly
        facts.discardGranularity = 4096
        let backend = Backend(facts: facts, descriptor: descriptor, plan: .memory(descriptor: descriptor))
        guard found.size >= whole else {
            throw EngineError(
                .changed, .invalidArgument,
                "the memory that was kept for it has \(found.size) bytes, fewer than its size of \(whole)")
        }
        return backend
    }
}

/// What a queue thread builds its target from. Plain values: every thread gets a copy.
enum TargetPlan {
    case null
    case memory(descriptor: Int32)
    /// `block`: bytes; the unit at which I/O below is continued.
    case file(block: UInt32, buffered: Bool, mayUnmap: Bool)
    case failing
}
