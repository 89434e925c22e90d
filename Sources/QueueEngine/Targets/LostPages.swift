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

    /// A sync that was under way at `moment` (CLOCK_MONOTONIC, in nanoseconds) still is. `slot`: of `tag`, which does not count.
    @inline(__always)
    func isSyncing(since moment: UInt64, beside tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>) -> Bool {
        let first = slot - Int(tag)
        for other in 0..<Int(depth) where other != Int(tag) {
            let other = first + other
            guard other.pointee.place == .target, other.pointee.step <= FileStage.sync,
                other.pointee.request.isSync, other.pointee.startedNs <= moment
            else { continue }
            return true
        }
        return false
    }
}

/// Steps of a file target's submissions.
enum FileStage {
    static var data: UInt8 { 0 }
    /// fdatasync after a range was zeroed with FUA.
    static var sync: UInt8 { 1 }
    /// A wait for syncs that began earlier.
    static var held: UInt8 { 2 }
}

extension IORequest {
    /// Its success says that something is on stable storage.
    var isSync: Bool { operation == .flush || flags.contains(.forceUnitAccess) }
}
