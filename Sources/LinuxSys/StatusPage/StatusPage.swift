public import BlockABI
public import CUblk
internal import Glibc

/// The page that a device's worker writes and ublkd reads (CUblk/status_page.h): a header and one block a
/// queue, in a memfd that ublkd makes and that outlives them both.
///
/// Who reads trusts nothing in it but its size, which is checked when it is mapped.
public struct StatusPage: ~Copyable {
    /// The memfd: to hand to a worker or to the service manager.
    public let fd: Fd
    /// Queue blocks that are mapped.
    public let queues: Int
    private let base: UnsafeMutableRawPointer

    private static var block: Int { Int(CU_STATUS_BLOCK) }

    /// A fresh page for `queues` queues (1 to 4096). EINVAL: another number.
    public static func create(queues: Int) throws(Errno) -> StatusPage {
        guard 1...Int(CU_MAX_QUEUES) ~= queues else { throw .invalidArgument }
        let fd = try SharedMemory.create(name: "ublkd-status", size: UInt64(block * (queues + 1)))
        let page = try StatusPage(mapping: fd, queues: queues)
        let header = page.headerBlock
        header.pointee.version = CU_STATUS_VERSION
        header.pointee.queues = UInt32(queues)
        cu_store64(headerField(header, \.magic), CU_STATUS_MAGIC)
        for i in 0..<queues { page.queueBlock(i).pointee.index = UInt32(i) }
        return page
    }

    /// Maps a page that another process made, for reading and writing. EPROTO: it is not a status page of
    /// this version, or could still be truncated.
    public static func map(_ fd: consuming Fd) throws(Errno) -> StatusPage {
        let status = try FileStatus(of: fd)
        let size = Int(clamping: status.size)
        guard status.kind == .regular, cu_is_fixed(fd.raw) == 1, size >= 2 * block, size % block == 0,
            size / block - 1 <= Int(CU_MAX_QUEUES)
        else { throw .protocolError }
        let queues = size / block - 1
        let page = try StatusPage(mapping: fd, queues: queues)
        let header = page.headerBlock
        guard cu_load64(headerField(header, \.magic)) == CU_STATUS_MAGIC,
            cu_load32(headerField(header, \.version)) == CU_STATUS_VERSION,
            cu_load32(headerField(header, \.queues)) == UInt32(queues)
        else { throw .protocolError }
        return page
    }

    private init(mapping fd: consuming Fd, queues: Int) throws(Errno) {
        let size = Self.block * (queues + 1)
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.raw, 0), base != MAP_FAILED
        else { throw Errno(errno) }
        self.base = base
        self.queues = queues
        self.fd = fd
    }

    deinit { munmap(base, Self.block * (queues + 1)) }

    /// The header as the worker's main thread writes it. Valid as long as this owner lives.
    public var headerBlock: UnsafeMutablePointer<cu_status_header> {
        base.assumingMemoryBound(to: cu_status_header.self)
    }

    /// Block of queue `index` (below `queues`) as its thread writes it. Valid as long as this owner lives.
    public borrowing func queueBlock(_ index: Int) -> UnsafeMutablePointer<cu_queue_status> {
        precondition(0..<queues ~= index)
        return (base + Self.block * (index + 1)).assumingMemoryBound(to: cu_queue_status.self)
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
