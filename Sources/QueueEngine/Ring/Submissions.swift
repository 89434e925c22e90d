internal import CUblk

/// The submission side of a queue's ring, as the loop and its target see it.
struct Submissions<E: Enter & ~Copyable>: ~Copyable {
    let ring: UnsafeMutablePointer<io_uring>
    var enter: E
    /// Times that a full submission queue was emptied early. The queue is sized so that this stays zero.
    var flushes: UInt64 = 0

    init(ring: UnsafeMutablePointer<io_uring>, enter: consuming E) {
        self.ring = ring
        self.enter = enter
    }

    /// The next free entry; its old content must be overwritten whole. Nil only when the kernel takes nothing
    /// any more: the ring is lost.
    @inline(__always)
    mutating func next() -> UnsafeMutablePointer<io_uring_sqe>? {
        if let sqe = io_uring_get_sqe(ring) { return sqe }
        return flushed()
    }

    @inline(never)
    private mutating func flushed() -> UnsafeMutablePointer<io_uring_sqe>? {
        flushes &+= 1
        for _ in 0..<16 {
            _ = enter.enter(ring, wait: 0)
            if let sqe = io_uring_get_sqe(ring) { return sqe }
        }
        return nil
    }
}
