internal import BlockABI
internal import CUblk
internal import Glibc

/// Opens the backend of a `file` device: once, checked in every respect before a byte is served.
///
/// Invariants: nothing but a regular file or a block device is opened; nothing is created or grown for a
/// device that existed before (its data would silently become zeroes); the lock is held before anything is
/// changed.
struct FileOpening {
    let spec: FileSpec
    let readOnly: Bool
    let discard: Bool
    let queues: UInt16
    private var warnings: [String] = []

    /// A predecessor's last I/O keeps its lock in the kernel until it is over.
    private var patienceMs: Int { spec.expected == .none ? 2_000 : 10_000 }

    init(_ spec: FileSpec, readOnly: Bool, discard: Bool, queues: UInt16) {
        self.spec = spec
        self.readOnly = readOnly
        self.discard = discard
        self.queues = queues
    }

    mutating func open() throws(EngineError) -> Backend {
        var found = try look()
        let file = OpenFile(number: try openDescriptor(found))
        try check(cu_file_facts(file.number, &found), .unusable, "\(spec.path) cannot be examined")
        try checkKind(found)
        try checkIdentity(found)
        try lock(file.number)
        // Whoever had the lock may have changed its size.
        try check(cu_file_facts(file.number, &found), .unusable, "\(spec.path) cannot be examined")
        try fit(file.number, &found)
        let direct = try chooseDirect(file.number, found)
        let logical = direct ?? bufferedBlock(found)
        let size = try servedSize(found, block: logical)
        var facts = BackendFacts(
            size: size, logicalBlock: logical, identity: identity(of: found), readOnly: readOnly)
        facts.directIO = direct != nil
        describe(file.number, found, &facts)
        facts.warnings = warnings
        let plan = TargetPlan.file(block: logical, buffered: direct == nil, mayUnmap: discard)
        let others = try openForOthers(found, buffered: direct == nil)
        return Backend(facts: facts, descriptor: file.release(), others: others, plan: plan)
    }

    // ---- opening ----------------------------------------------------------------------------------------

    private func look() throws(EngineError) -> cu_file_facts {
        var found = cu_file_facts()
        let result = cu_path_facts(spec.path, &found)
        switch Errno(-result) {
        case Errno(0):
            try checkKind(found)
            return found
        case .noSuchFile, .notADirectory:
            try create()
            try check(cu_path_facts(spec.path, &found), .unusable, "\(spec.path) cannot be examined")
            return found
        default:
            throw EngineError(.unusable, Errno(-result), "\(spec.path) cannot be examined")
        }
    }

    private func create() throws(EngineError) {
        guard spec.expected == .none else {
            throw EngineError(
                .missing, .noSuchFile, "\(spec.path), which held its data, is gone; put it back")
        }
        guard spec.create, let size = spec.size, !readOnly else {
            throw EngineError(
                .missing, .noSuchFile,
                "\(spec.path) does not exist; make it, correct `path`, or set `create = true` and a `size`")
        }
        let number = cu_open_backend(spec.path, Int32(CU_OPEN_CREATE.rawValue))
        if Errno(-number) == .exists { return }
        if Errno(-number) == .noSuchFile {
            throw EngineError(.missing, .noSuchFile, "the folder of \(spec.path) does not exist; make it")
        }
        try check(number, .unusable, "\(spec.path) cannot be created")
        let file = OpenFile(number: number)
        var result = cu_grow_file(file.number, size)
        if result == 0 { result = cu_sync_file(file.number) }
        guard result == 0 else {
            _ = unlink(spec.path)
            throw EngineError(
                .unusable, Errno(-result), "\(spec.path) cannot be made with \(size) bytes by its file system"
            )
        }
    }

    private func openDescriptor(_ found: cu_file_facts) throws(EngineError) -> Int32 {
        var flags = readOnly ? CU_OPEN_READ_ONLY.rawValue : 0
        if found.isBlockDevice, !readOnly { flags |= CU_OPEN_EXCLUSIVE.rawValue }
        let number = patiently { cu_open_backend(spec.path, Int32(flags)) }
        switch Errno(-number) {
        case .busy:
            throw EngineError(
                .unusable, .busy,
                "\(spec.path) is in use by something else (mounted, or part of another device)")
        case .noSuchFile, Errno(6), .noSuchDevice:
            throw EngineError(.missing, Errno(-number), "\(spec.path) is not there")
        default:
            return try check(number, .unusable, "\(spec.path) cannot be opened")
        }
    }

    /// An open file for each queue after the first, where the page cache is between: it reports a lost page once to each of
    /// them. Not claimed and not locked: the first is.
    private func openForOthers(_ found: cu_file_facts, buffered: Bool) throws(EngineError) -> [Int32] {
        guard buffered, queues > 1 else { return [] }
        var others: [Int32] = []
        do throws(EngineError) {
            for _ in 1..<queues {
                let flags = readOnly ? Int32(CU_OPEN_READ_ONLY.rawValue) : 0
                let number = try check(
                    cu_open_backend(spec.path, flags), .unusable, "\(spec.path) cannot be opened once more")
                others.append(number)
                var again = cu_file_facts()
                try check(cu_file_facts(number, &again), .unusable, "\(spec.path) cannot be examined")
                guard again.isRegular == found.isRegular, identity(of: again) == identity(of: found) else {
                    throw EngineError(
                        .changed, Errno(116),
                        "\(spec.path) was replaced while it was opened; put the former one back")
                }
            }
            return others
        } catch {
            for number in others { _ = close(number) }
            throw error
        }
    }

    private func lock(_ number: Int32) throws(EngineError) {
        let result = patiently { cu_lock_file(number, readOnly ? 0 : 1) }
        if Errno(-result) == .tryAgain {
            throw EngineError(
                .unusable, .busy,
                "\(spec.path) is locked by another device or program; one alone may serve it")
        }
        try check(result, .unusable, "\(spec.path) cannot be locked")
    }

    /// Repeats while somebody else holds the backend: it may be a dead worker whose I/O is not over.
    private func patiently(_ attempt: () -> Int32) -> Int32 {
        let deadline = cu_now_ns() + UInt64(patienceMs) * 1_000_000
        while true {
            let result = attempt()
            let error = Errno(-result)
            guard error == .busy || error == .tryAgain, cu_now_ns() < deadline else { return result }
            usleep(2_000)
        }
    }

    // ---- what it must be --------------------------------------------------------------------------------

    private func checkKind(_ found: cu_file_facts) throws(EngineError) {
        guard found.isRegular || found.isBlockDevice else {
            throw EngineError(
                .unusable, .invalidArgument,
                "\(spec.path) is \(found.kindName); it has to be a regular file or a block device")
        }
    }

    private func checkIdentity(_ found: cu_file_facts) throws(EngineError) {
        guard spec.expected != .none, spec.expected != identity(of: found) else { return }
        throw EngineError(
            .changed, Errno(116),
            "\(spec.path) is not the \(found.isRegular ? "file" : "block device") that held its data before; "
                + "put the former one back, or stop and start the device to take this one")
    }

    private func identity(of found: cu_file_facts) -> BackendIdentity {
        found.isRegular
            ? .file(device: found.device, inode: found.inode) : .blockDevice(number: found.rdev)
    }

    /// Grows a regular file that is to be grown, and refuses what is too small.
    private func fit(_ number: Int32, _ found: inout cu_file_facts) throws(EngineError) {
        guard let wanted = spec.size, found.size < wanted else { return }
        let shortfall = "\(spec.path) has \(found.size) bytes, fewer than the size of \(wanted)"
        guard spec.expected == .none else {
            throw EngineError(.changed, .invalidArgument, "\(shortfall) it had; it was truncated")
        }
        guard found.isRegular else {
            throw EngineError(
                .unusable, .invalidArgument, "\(shortfall); a block device cannot be grown here")
        }
        guard spec.create, !readOnly else {
            throw EngineError(
                .unusable, .invalidArgument,
                "\(shortfall); set `create = true` to grow it, or a smaller `size`")
        }
        try check(cu_grow_file(number, wanted), .unusable, "\(spec.path) cannot be grown to \(wanted) bytes")
        found.size = wanted
    }

    private mutating func servedSize(_ found: cu_file_facts, block: UInt32) throws(EngineError) -> UInt64 {
        let bytes = spec.size ?? found.size
        let whole = bytes & ~(UInt64(block) - 1)
        guard whole > 0 else {
            throw EngineError(
                .unusable, .invalidArgument, "\(spec.path) is empty; give a `size` and `create = true`")
        }
        if whole != bytes {
            warnings.append(
                "the last \(bytes - whole) bytes of \(spec.path) are not served: they are no whole block of \(block)"
            )
        }
        return whole
    }

    // ---- how it is to be used ---------------------------------------------------------------------------

    /// Bytes of the alignment that direct I/O needs; nil for buffered I/O.
    private mutating func chooseDirect(_ number: Int32, _ found: cu_file_facts) throws(EngineError) -> UInt32?
    {
        guard spec.directIO else { return nil }
        if cu_set_direct(number, 1) == 0, let block = directBlock(number, found) {
            guard spec.diskBlock > 0, block > spec.diskBlock else { return block }
            warnings.append(
                "direct I/O on \(spec.path) needs blocks of \(block) bytes, and those of the disk have \(spec.diskBlock); buffered I/O is used"
            )
        } else {
            warnings.append("\(spec.path) has no direct I/O; buffered I/O is used")
        }
        _ = cu_set_direct(number, 0)
        return nil
    }

    private func directBlock(_ number: Int32, _ found: cu_file_facts) -> UInt32? {
        if found.isBlockDevice { return found.logical <= 4096 ? max(found.logical, 512) : nil }
        if found.dio_known != 0 {
            guard found.dio_offset > 0, found.dio_offset <= 4096, found.dio_memory <= 4096 else { return nil }
            return max(found.dio_offset, 512)
        }
        // The kernel does not tell: the smallest read that works is the answer.
        for bytes: UInt32 in [512, 1024, 2048, 4096] where cu_try_read(number, bytes) >= 0 { return bytes }
        return nil
    }

    private func bufferedBlock(_ found: cu_file_facts) -> UInt32 {
        found.isBlockDevice ? min(max(found.logical, 512), 4096) : 512
    }

    private func describe(_ number: Int32, _ found: cu_file_facts, _ facts: inout BackendFacts) {
        let disk = DiskAttributes(device: found.isBlockDevice ? found.rdev : found.device)
        facts.rotational = disk.number("rotational") == 1
        if found.isBlockDevice {
            facts.physicalBlock = max(found.physical, facts.logicalBlock)
            facts.optimalIO = found.optimal
            // Also over one that writes through: a later worker of this disk may not write past the page cache, and
            // without this the kernel would never send it a FLUSH.
            facts.volatileCache = true
            let zeroes = (disk.number("write_zeroes_max_bytes") ?? 0) > 0
            facts.canWriteZeroes = !readOnly
            facts.canDiscard = discard && !readOnly && zeroes && (disk.number("discard_max_bytes") ?? 0) > 0
            facts.discardGranularity = UInt32(clamping: disk.number("discard_granularity") ?? 0)
        } else {
            facts.physicalBlock = max(facts.logicalBlock, min(max(found.block, 512), 4096))
            // Even written past the page cache, a block's place in the file is in the file system's journal.
            facts.volatileCache = true
            let punches = !readOnly && punchesHoles(number, size: found.size)
            facts.canWriteZeroes = punches
            facts.canDiscard = discard && punches
            facts.discardGranularity = min(max(found.block, facts.logicalBlock), 65_536)
        }
        if facts.discardGranularity < facts.logicalBlock { facts.discardGranularity = facts.logicalBlock }
    }

    /// Asked about a range past the end, where there is nothing to lose.
    private func punchesHoles(_ number: Int32, size: UInt64) -> Bool {
        cu_fallocate(number, CU_PUNCH_HOLE, (size + 0xfffff) & ~0xfffff, 4096) == 0
    }

    @discardableResult
    private func check(_ result: Int32, _ kind: EngineError.Kind, _ what: String) throws(EngineError) -> Int32
    {
        if result < 0 { throw EngineError(kind, Errno(-result), what) }
        return result
    }
}

/// Owner of the file while it is not yet a backend.
private struct OpenFile: ~Copyable {
    let number: Int32

    init(number: Int32) { self.number = number }

    deinit { _ = close(number) }

    consuming func release() -> Int32 {
        let kept = number
        discard self
        return kept
    }
}

extension cu_file_facts {
    fileprivate var isRegular: Bool { kind == 0o100000 }
    fileprivate var isBlockDevice: Bool { kind == 0o060000 }

    fileprivate var kindName: String {
        switch kind {
        case 0o040000: "a folder"
        case 0o020000: "a character device"
        case 0o010000: "a pipe"
        case 0o140000: "a socket"
        default: "something else"
        }
    }
}
