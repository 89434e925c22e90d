internal import BlockABI
internal import CUblk

/// What the page cache could not write back: the error that the first sync met of it is that of every later one.
///
/// The kernel tells of a lost page once to an open file (mm/filemap.c, file_check_and_advance_wb_err): of two syncs under
/// way on it one fails and the other is told of success, whichever's completion comes first. So a sync that succeeded says
/// so only when those that were under way with it have come back. Each queue has an open file of its own.
struct LostPages {
    /// Shared by the queues and the workers of the device. 0: nothing was lost.
    private let latch: UnsafeMutablePointer<Int32>
    /// Tags of the queue.
    private let depth: UInt16

    /// `header`: of the device; outlives this.
    init(header: UnsafeMutablePointer<cu_status_header>, depth: UInt16) {
        latch = cu_lost(header)
        self.depth = depth
    }

    /// -errno; 0 as long as nothing was lost.
    @inline(__always)
    var error: Int32 { cu_load_i32(latch) }

    /// A sync came back with this -errno.
    func note(_ error: Int32) { cu_store_i32(latch, error) }

    /// When the oldest sync that is under way began: CLOCK_MONOTONIC, nanoseconds; `max` where none is. `slot`: of `tag`, which
    /// does not count.
    @inline(__always)
    func oldestSync(beside tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>) -> UInt64 {
        var oldest = UInt64.max
        let first = slot - Int(tag)
        for other in 0..<Int(depth) where other != Int(tag) {
            let other = first + other
            guard other.pointee.place == .target, other.pointee.step <= FileStage.sync,
                other.pointee.request.isSync
            else { continue }
            oldest = min(oldest, other.pointee.startedNs)
        }
        return oldest
    }

    /// Ends the wait of those that need not wait (any longer): they come back as cancelled and look again. `slot`: of `tag`, whose
    /// sync came back.
    @inline(never)
    func wake<E: Enter & ~Copyable>(
        beside tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ submissions: inout Submissions<E>
    ) {
        let oldest = error != 0 ? .max : oldestSync(beside: tag, slot)
        let first = slot - Int(tag)
        for other in 0..<depth where other != tag {
            let held = first + Int(other)
            guard held.pointee.place == .target, held.pointee.step == FileStage.held,
                oldest > held.pointee.syncedNs, let sqe = submissions.next()
            else { continue }
            let entry = UserData(.backend, tag: other, step: FileStage.held)
            io_uring_prep_cancel64(sqe, entry.rawValue, 0)
            sqe.pointee.user_data = UserData(.cancel).rawValue
        }
    }
}

/// Steps of a file target's submissions.
enum FileStage {
    static var data: UInt8 { 0 }
    /// fdatasync after a range was zeroed with FUA.
    static var sync: UInt8 { 1 }
    /// A wait for syncs that began earlier.
    static var held: UInt8 { 2 }
    /// A pause before the step that is this much lower is tried again.
    static var paused: UInt8 { 3 }
}

extension IORequest {
    /// Its success says that something is on stable storage.
    var isSync: Bool { operation == .flush || flags.contains(.forceUnitAccess) }
}
