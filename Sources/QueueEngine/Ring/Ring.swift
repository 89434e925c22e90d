internal import BlockABI
internal import CUblk

/// Owner of one queue's ring. Made disabled by the main thread, which may still be root where the host keeps
/// io_uring from others; the queue thread enables it and is from then on its only submitter.
struct Ring: ~Copyable {
    /// At a fixed address: liburing keeps pointers into it.
    let raw: UnsafeMutablePointer<io_uring>

    /// Slots of the table of fixed files.
    static var deviceIndex: Int32 { 0 }
    static var backendIndex: Int32 { 1 }
    static var wakeIndex: Int32 { 2 }

    /// A slot has one entry at a time, its command or its target's, and the queue a few of its own: with room
    /// for all of them at once every FETCH goes in one call, and `Submissions.next` never has to flush.
    init(depth: UInt16) throws(Errno) {
        // Owned only once it is a ring: a throw after that would run `deinit`.
        let raw = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        raw.initialize(to: io_uring())
        let entries = UInt32(depth) + 16
        let wanted = UInt32(IORING_SETUP_R_DISABLED) | UInt32(IORING_SETUP_SUBMIT_ALL)
        // Completions are run when the loop enters the kernel and at no other time; older kernels without
        // that still serve.
        let kinds: [UInt32] = [
            UInt32(IORING_SETUP_SINGLE_ISSUER) | UInt32(IORING_SETUP_DEFER_TASKRUN),
            UInt32(IORING_SETUP_SINGLE_ISSUER) | UInt32(IORING_SETUP_COOP_TASKRUN), 0,
        ]
        var refused: Int32 = 0
        for kind in kinds {
            var parameters = io_uring_params()
            parameters.flags = wanted | kind
            refused = io_uring_queue_init_params(entries, raw, &parameters)
            if refused != -22 { break }
        }
        guard refused == 0 else {
            raw.deallocate()
            throw Errno(-refused)
        }
        self.raw = raw
    }

    /// Completions are posted, and what the driver does for them is done, only while the ring is entered.
    var runsOnlyWhenEntered: Bool { raw.pointee.flags & UInt32(IORING_SETUP_DEFER_TASKRUN) != 0 }

    deinit {
        io_uring_queue_exit(raw)
        raw.deallocate()
    }

    /// Fixes the files that the queue uses. ublkcN in the same table as the backend is the fence: the driver
    /// sees the worker gone only when its last write below is over. The backend stands there twice: the one that
    /// serves may be replaced, and the first one keeps its lock as long as the ring lives. `backend` is -1 for a
    /// target without one.
    func register(device: Int32, backend: Int32, wake: Int32) throws(Errno) {
        var files: (Int32, Int32, Int32, Int32) = (cu_fenced_device(device), backend, wake, backend)
        let result = withUnsafeBytes(of: &files) { bytes in
            io_uring_register_files(raw, bytes.baseAddress?.assumingMemoryBound(to: Int32.self), 4)
        }
        try Errno.check(result)
    }
}
