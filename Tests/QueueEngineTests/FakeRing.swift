import CUblk
import Glibc

/// A ring whose other side is the test: the same layout as the kernel's, made by liburing over a file of our
/// own, so that the shipped helpers work on it unchanged.
final class FakeRing {
    let raw: UnsafeMutablePointer<io_uring>

    init(entries: UInt32) {
        var size: UInt32 = 1
        while size < entries { size *= 2 }
        var parameters = io_uring_params()
        parameters.sq_entries = size
        parameters.cq_entries = size * 2
        parameters.features = UInt32(IORING_FEAT_SINGLE_MMAP)
        parameters.sq_off.tail = 64
        parameters.sq_off.ring_mask = 128
        parameters.sq_off.ring_entries = 132
        parameters.sq_off.flags = 136
        parameters.sq_off.dropped = 140
        parameters.sq_off.array = 65_536
        parameters.cq_off.head = 256
        parameters.cq_off.tail = 320
        parameters.cq_off.ring_mask = 384
        parameters.cq_off.ring_entries = 388
        parameters.cq_off.overflow = 392
        parameters.cq_off.flags = 396
        parameters.cq_off.cqes = 131_072
        var name = Array("/tmp/ublkd-ring-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        unlink(name)
        // The entries stand at their own place in the file, far behind the ring words.
        ftruncate(file, 0x1000_0000 + 4 << 20)
        for (offset, value) in [(128, size - 1), (132, size), (384, size * 2 - 1), (388, size * 2)] {
            withUnsafeBytes(of: value) { _ = pwrite(file, $0.baseAddress, 4, offset) }
        }
        raw = .allocate(capacity: 1)
        raw.initialize(to: io_uring())
        let result = io_uring_queue_mmap(file, &parameters, raw)
        precondition(result == 0)
    }

    deinit {
        io_uring_queue_exit(raw)
        raw.deallocate()
    }

    /// Takes every entry that the loop prepared, in order.
    func take() -> [io_uring_sqe] {
        var taken: [io_uring_sqe] = []
        var head = raw.pointee.sq.khead.pointee
        while head != raw.pointee.sq.sqe_tail {
            taken.append(raw.pointee.sq.sqes[Int(head & raw.pointee.sq.ring_mask)])
            head &+= 1
        }
        raw.pointee.sq.sqe_head = head
        raw.pointee.sq.ktail.pointee = head
        raw.pointee.sq.khead.pointee = head
        return taken
    }

    func complete(_ userData: UInt64, _ result: Int32) {
        let tail = raw.pointee.cq.ktail.pointee
        let place = raw.pointee.cq.cqes + Int(tail & raw.pointee.cq.ring_mask)
        place.pointee.user_data = userData
        place.pointee.res = result
        raw.pointee.cq.ktail.pointee = tail &+ 1
    }

    var hasCompletions: Bool { raw.pointee.cq.ktail.pointee != raw.pointee.cq.khead.pointee }
}
