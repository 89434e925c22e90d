internal import BlockABI
internal import CUblk
internal import Glibc

/// A ring with 128-byte entries, as the driver's control device wants them.
struct ControlRing: ~Copyable {
    private let ring: UnsafeMutablePointer<io_uring>

    /// `commands`: how many may be in flight. All their answers fit, so none waits in the overflow list.
    init(commands: UInt32) throws(Errno) {
        // Owned only once it is a ring: a throw after that would run `deinit`.
        let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        ring.initialize(to: io_uring())
        var parameters = io_uring_params()
        parameters.flags = UInt32(IORING_SETUP_SQE128) | IORING_SETUP_CQSIZE
        parameters.cq_entries = 4 * commands
        let result = io_uring_queue_init_params(commands, ring, &parameters)
        guard result == 0 else {
            ring.deallocate()
            throw Errno(-result)
        }
        self.ring = ring
        // The ring must not reach a child: liburing asks for close-on-exec itself.
    }

    deinit {
        io_uring_queue_exit(ring)
        ring.deallocate()
    }

    /// Readable when an answer is there.
    var fd: Int32 { ring.pointee.ring_fd }

    /// A cleared entry; nil when the kernel takes no more now.
    borrowing func entry() -> UnsafeMutablePointer<io_uring_sqe>? {
        if let sqe = io_uring_get_sqe(ring) {
            memset(sqe, 0, 128)
            return sqe
        }
        _ = io_uring_submit(ring)
        guard let sqe = io_uring_get_sqe(ring) else { return nil }
        memset(sqe, 0, 128)
        return sqe
    }

    /// Hands all prepared entries to the kernel. EAGAIN, EBUSY, EINTR: try again soon; they stay prepared.
    borrowing func submit() throws(Errno) { try Errno.check(io_uring_submit(ring)) }

    /// Entries that were prepared and not taken by the kernel.
    var unsubmitted: Bool { io_uring_sq_ready(ring) > 0 }

    /// One answer, if there is one. Looks into the overflow list too.
    borrowing func answer() -> ControlAnswer? {
        var cqe: UnsafeMutablePointer<io_uring_cqe>?
        guard io_uring_peek_cqe(ring, &cqe) == 0, let cqe else { return nil }
        return take(cqe)
    }

    /// Waits for an answer, at most until `deadline` (CLOCK_MONOTONIC nanoseconds); nil: it passed.
    borrowing func answer(before deadline: UInt64) -> ControlAnswer? {
        while true {
            let now = Clock.monotonic()
            let left = deadline > now ? deadline - now : 0
            var limit = __kernel_timespec(
                tv_sec: Int64(left / 1_000_000_000), tv_nsec: Int64(left % 1_000_000_000))
            var cqe: UnsafeMutablePointer<io_uring_cqe>?
            let result = io_uring_wait_cqe_timeout(ring, &cqe, &limit)
            if result == 0, let cqe { return take(cqe) }
            if left == 0 || (result != -EINTR && result != -EAGAIN && result != -ETIME) { return nil }
        }
    }

    private borrowing func take(_ cqe: UnsafeMutablePointer<io_uring_cqe>) -> ControlAnswer {
        let answer = ControlAnswer(userData: cqe.pointee.user_data, result: cqe.pointee.res)
        io_uring_cqe_seen(ring, cqe)
        return answer
    }
}

/// One completion.
struct ControlAnswer {
    let userData: UInt64
    let result: Int32
}
