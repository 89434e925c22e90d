public import BlockABI
public import CUblk
internal import Glibc

/// The page that a device's worker writes and ublkd reads (CUblk/status_page.h): a header and for each queue its
/// counters and the requests that are with the worker, in a memfd that ublkd makes and that outlives them both.
///
/// Who reads trusts nothing in it but its size, which is checked when it is mapped.
public struct StatusPage: ~Copyable {
    /// The memfd: to hand to a worker or to the service manager.
    public let fd: Fd
    /// Queue blocks that are mapped.
    public let queues: Int
    /// Tags of a queue.
    public let depth: Int
    private let base: UnsafeMutableRawPointer

    private static var block: Int { Int(CU_STATUS_BLOCK) }

    /// A fresh page for `queues` queues (1 to 4096) of `depth` tags (1 to 4096). EINVAL: another number.
    public static func create(queues: Int, depth: Int) throws(Errno) -> StatusPage {
        guard 1...Int(CU_MAX_QUEUES) ~= queues, 1...4096 ~= depth else { throw .invalidArgument }
        let fd = try SharedMemory.create(
            name: "ublkd-status", size: cu_status_bytes(UInt32(queues), UInt32(depth)))
        let page = try StatusPage(mapping: fd, queues: queues, depth: depth)
        let header = page.headerBlock
        header.pointee.version = CU_STATUS_VERSION
        header.pointee.queues = UInt32(queues)
        header.pointee.depth = UInt32(depth)
        cu_store64(headerField(header, \.magic), CU_STATUS_MAGIC)
        for i in 0..<queues { page.queueBlock(i).pointee.index = UInt32(i) }
        return page
    }

    /// Maps a page that another process made, for reading and writing. EPROTO: it is not a status page of
    /// this version, or could still be truncated.
    public static func map(_ fd: consuming Fd) throws(Errno) -> StatusPage {
        let status = try FileStatus(of: fd)
        guard status.kind == .regular, cu_is_fixed(fd.raw) == 1,
            let shape = shape(of: fd, bytes: status.size)
        else { throw .protocolError }
        return try StatusPage(mapping: fd, queues: shape.queues, depth: shape.depth)
    }

    /// What the header says, if the page is of just that size.
    private static func shape(of fd: borrowing Fd, bytes: UInt64) -> (queues: Int, depth: Int)? {
        guard bytes >= UInt64(2 * block),
            let base = mmap(nil, block, PROT_READ, MAP_SHARED, fd.raw, 0), base != MAP_FAILED
        else { return nil }
        defer { munmap(base, block) }
        let header = base.assumingMemoryBound(to: cu_status_header.self)
        let queues = cu_load32(headerField(header, \.queues))
        let depth = cu_load32(headerField(header, \.depth))
        guard cu_load64(headerField(header, \.magic)) == CU_STATUS_MAGIC,
            cu_load32(headerField(header, \.version)) == CU_STATUS_VERSION,
            1...UInt32(CU_MAX_QUEUES) ~= queues, 1...4096 ~= depth, cu_status_bytes(queues, depth) == bytes
        else { return nil }
        return (Int(queues), Int(depth))
    }

    private init(mapping fd: consuming Fd, queues: Int, depth: Int) throws(Errno) {
        let size = Int(cu_status_bytes(UInt32(queues), UInt32(depth)))
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.raw, 0), base != MAP_FAILED
        else { throw Errno(errno) }
        self.base = base
        self.queues = queues
        self.depth = depth
        self.fd = fd
    }

    deinit { munmap(base, Int(cu_status_bytes(UInt32(queues), UInt32(depth)))) }

    /// The header as the worker's main thread writes it. Valid as long as this owner lives.
    public var headerBlock: UnsafeMutablePointer<cu_status_header> {
        base.assumingMemoryBound(to: cu_status_header.self)
    }

    /// Block of queue `index` (below `queues`) as its thread writes it. Valid as long as this owner lives.
    public borrowing func queueBlock(_ index: Int) -> UnsafeMutablePointer<cu_queue_status> {
        precondition(0..<queues ~= index)
        let offset = Self.block + index * Int(cu_status_stride(UInt32(depth)))
        return (base + offset).assumingMemoryBound(to: cu_queue_status.self)
    }

    /// The requests that are, or were at its death, with the worker.
    public borrowing func requests() -> [RequestKey] {
        var found: [RequestKey] = []
        for index in 0..<queues {
            guard let words = cu_request_words(queueBlock(index)) else { continue }
            for tag in 0..<depth {
                let word = cu_load64(words + tag)
                if word != 0 { found.append(RequestKey(rawValue: word)) }
            }
        }
        return found
    }

    /// The device has `bytes` from now on: its queues take requests up to there.
    public borrowing func setSize(_ bytes: UInt64) { cu_store64(headerField(headerBlock, \.size), bytes) }

    /// What the header says now.
    public var header: StatusHeader { StatusHeader(reading: headerBlock) }

    /// What queue `index` (below `queues`) says now. Each number is whole; they need not be of one moment.
    public borrowing func queue(_ index: Int) -> QueueStatus { QueueStatus(reading: queueBlock(index)) }
}

/// The address of one field.
private func headerField<T>(
    _ header: UnsafeMutablePointer<cu_status_header>, _ field: KeyPath<cu_status_header, T>
) -> UnsafeMutablePointer<T> {
    let offset = MemoryLayout<cu_status_header>.offset(of: field) ?? 0
    return (UnsafeMutableRawPointer(header) + offset).assumingMemoryBound(to: T.self)
}
