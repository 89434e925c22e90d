internal import BlockABI
internal import CUblk
internal import Glibc

/// A regular file or block device below, by submissions on the queue's own ring.
///
/// Whatever the backend does short is asked for again from where it stopped; a READ that meets the end of the
/// file is an error, never zeroes, and asks for the backend to be looked at: somebody cut it off, or it is a disk that is
/// gone. Any other error of the backend is the errno of that one request.
struct FileTarget: Target, ~Copyable {
    /// Direct I/O goes on at a multiple of this many bytes.
    private let block: UInt64
    /// Bytes of a tag's buffer: whole blocks.
    private let bufferBytes: UInt64
    /// Written data waits in the page cache.
    private let buffered: Bool
    /// Ranges may lose their blocks where a request allows it.
    private let mayUnmap: Bool
    private let lostPages: LostPages
    /// Where a read met the end of the backend, shared by the queues. Nothing goes there or behind it: a write would give
    /// the file its size back, and zeroes for all that was cut off.
    private let end: UnsafeMutablePointer<UInt64>

    /// Where the kernel had nothing to try with; the first ones at once, the others a pause apart: half a minute.
    static var retryLimit: UInt16 { 1_500 }
    private static var quickRetries: UInt16 { 16 }

    /// How WRITE_ZEROES is done: tried in this order, each where the one before is not supported.
    private enum Zeroes {
        static var punch: UInt8 { 0 }
        static var zeroRange: UInt8 { 1 }
        static var write: UInt8 { 2 }
    }

    /// `block`: bytes, a power of two. `depth`: tags of the queue. `header`: of the device; outlives the target.
    init(
        block: UInt32, bufferBytes: UInt32, buffered: Bool, mayUnmap: Bool, depth: UInt16,
        header: UnsafeMutablePointer<cu_status_header>
    ) {
        self.block = UInt64(block)
        self.bufferBytes = UInt64(bufferBytes)
        self.buffered = buffered
        self.mayUnmap = mayUnmap
        lostPages = LostPages(header: header, depth: depth)
        end = cu_backend_end(header)
    }

    @inline(__always)
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step {
        let request = slot.pointee.request
        if request.operation == .flush {
            let lost = lostPages.error
            if lost != 0 { return .done(lost) }
        } else if request.offset &+ request.length > cu_load64(end) {
            return behindTheEnd(slot)
        }
        if request.operation == .writeZeroes {
            let keep = request.flags.contains(.noUnmap) || !mayUnmap
            slot.pointee.way = keep ? Zeroes.zeroRange : Zeroes.punch
        }
        return submit(tag, FileStage.data, slot, buffer, &submissions)
    }

    @inline(__always)
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        let next = advanced(tag, step, result, slot, buffer, &submissions)
        if buffered, step != FileStage.held, slot.pointee.request.isSync {
            cameBack(tag, next, slot, &submissions)
        }
        return next
    }

    @inline(__always)
    private func advanced<E: Enter & ~Copyable>(
        _ tag: UInt16, _ step: UInt8, _ result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        let request = slot.pointee.request
        if result < 0 { return failed(tag, step, result, slot, buffer, &submissions) }
        if step == FileStage.sync { return synced(tag, slot, &submissions) }
        switch request.operation {
        case .read, .write:
            let done = slot.pointee.done &+ UInt64(result)
            guard done >= request.length else { return goOn(from: done, tag, slot, buffer, &submissions) }
            guard buffered, request.operation == .write, request.isSync else { return .whole(request) }
            return synced(tag, slot, &submissions)
        case .flush:
            return synced(tag, slot, &submissions)
        case .writeZeroes:
            if slot.pointee.way == Zeroes.write {
                let done = slot.pointee.done &+ UInt64(result)
                if done < request.length { return goOn(from: done, tag, slot, buffer, &submissions) }
            }
            guard request.flags.contains(.forceUnitAccess) else { return .done(0) }
            return submit(tag, FileStage.sync, slot, buffer, &submissions)
        default:
            return .done(0)
        }
    }

    /// A sync is over, or goes on: `next`. Those that waited for its end are told.
    @inline(never)
    private func cameBack<E: Enter & ~Copyable>(
        _ tag: UInt16, _ next: Step, _ slot: UnsafeMutablePointer<IOSlot>, _ submissions: inout Submissions<E>
    ) {
        if case .pending = next, slot.pointee.step != FileStage.held { return }
        lostPages.wake(beside: tag, slot, &submissions)
    }

    /// A sync was told of success.
    @inline(never)
    private func synced<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ submissions: inout Submissions<E>
    ) -> Step {
        slot.pointee.syncedNs = cu_now_ns()
        return released(tag, slot, &submissions)
    }

    /// Its answer, once no sync is under way any more that may have taken the report of a page of its own.
    private func released<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ submissions: inout Submissions<E>
    ) -> Step {
        let lost = lostPages.error
        if lost != 0 { return .done(lost) }
        guard buffered, lostPages.oldestSync(beside: tag, slot) <= slot.pointee.syncedNs else {
            return .whole(slot.pointee.request)
        }
        guard let sqe = submissions.next() else { return .ringLost }
        slot.pointee.step = FileStage.held
        cu_prep_hold(sqe, UserData(.backend, tag: tag, step: FileStage.held).rawValue)
        return .pending
    }

    @inline(never)
    private func goOn<E: Enter & ~Copyable>(
        from done: UInt64, _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        let whole = done & ~(block &- 1)
        guard whole > slot.pointee.done else {
            guard slot.pointee.request.operation == .read else { return .done(-Errno.inputOutput.rawValue) }
            cu_store64(end, min(cu_load64(end), slot.pointee.request.offset &+ done))
            return behindTheEnd(slot)
        }
        slot.pointee.done = whole
        return submit(tag, FileStage.data, slot, buffer, &submissions)
    }

    /// Once for each request: where a backend that was opened anew ends early as well, that is the answer.
    @inline(never)
    private func behindTheEnd(_ slot: UnsafeMutablePointer<IOSlot>) -> Step {
        let error = -Errno.inputOutput.rawValue
        return slot.pointee.isReplayed ? .done(error) : .reopen(error)
    }

    mutating func backendReplaced() { cu_store64(end, .max) }

    /// What is before its end, where it has been cut off.
    func stillServes(_ request: IORequest) -> Bool {
        let known = cu_load64(end)
        return known != .max && (request.operation == .flush || request.offset &+ request.length <= known)
    }

    @inline(never)
    private func failed<E: Enter & ~Copyable>(
        _ tag: UInt16, _ step: UInt8, _ result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        let error = Errno(-result)
        if step == FileStage.held {
            return error == .canceled || error == .timerExpired
                ? released(tag, slot, &submissions) : .done(result)
        }
        if step >= FileStage.paused {
            return error == .timerExpired || error == .canceled
                ? submit(tag, step &- FileStage.paused, slot, buffer, &submissions) : .done(result)
        }
        if error.isOfNothingDone, slot.pointee.retries < Self.retryLimit {
            slot.pointee.retries &+= 1
            return slot.pointee.retries <= Self.quickRetries
                ? submit(tag, step, slot, buffer, &submissions) : pause(tag, step, slot, &submissions)
        }
        let request = slot.pointee.request
        if step == FileStage.data, error == .notSupported || error == .busy {
            if request.operation == .writeZeroes, slot.pointee.way < Zeroes.write {
                // EBUSY: a range of a block device with pages that are not written out yet cannot be unmapped.
                slot.pointee.way = error == .busy ? Zeroes.write : slot.pointee.way &+ 1
                return submit(tag, step, slot, buffer, &submissions)
            }
            // The blocks stay: that is all that a DISCARD may be told of it.
            if request.operation == .discard, error == .busy { return .done(0) }
        }
        noteLost(step, result, request)
        return error.asksForReopening ? .reopen(result) : .done(result)
    }

    func cameToNothing(_ step: UInt8, _ result: Int32, _ request: IORequest) {
        guard step < FileStage.held else { return }
        noteLost(step, result, request)
    }

    /// Until it is tried again.
    private func pause<E: Enter & ~Copyable>(
        _ tag: UInt16, _ step: UInt8, _ slot: UnsafeMutablePointer<IOSlot>,
        _ submissions: inout Submissions<E>
    ) -> Step {
        guard let sqe = submissions.next() else { return .ringLost }
        slot.pointee.step = FileStage.paused &+ step
        cu_prep_pause(sqe, UserData(.backend, tag: tag, step: slot.pointee.step).rawValue)
        return .pending
    }

    private func noteLost(_ step: UInt8, _ result: Int32, _ request: IORequest) {
        guard !Errno(-result).isOfNothingDone else { return }
        let wasSync = request.operation == .flush || step == FileStage.sync
        let wasWriteThrough = request.operation == .write && request.isSync
        if buffered, wasSync || wasWriteThrough { lostPages.note(result) }
    }

    @inline(__always)
    private func submit<E: Enter & ~Copyable>(
        _ tag: UInt16, _ stage: UInt8, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        guard let sqe = submissions.next() else { return .ringLost }
        slot.pointee.step = stage
        let request = slot.pointee.request
        let done = slot.pointee.done
        let file = Ring.backendIndex
        let at = request.offset &+ done
        let rest = request.length &- done
        if stage == FileStage.sync {
            io_uring_prep_fsync(sqe, file, UInt32(IORING_FSYNC_DATASYNC))
        } else {
            switch request.operation {
            case .read:
                io_uring_prep_read(
                    sqe, file, buffer + Int(truncatingIfNeeded: done), UInt32(truncatingIfNeeded: rest), at)
            case .write:
                io_uring_prep_write(
                    sqe, file, buffer + Int(truncatingIfNeeded: done), UInt32(truncatingIfNeeded: rest), at)
                if request.flags.contains(.forceUnitAccess) { sqe.pointee.rw_flags = CU_WRITE_DSYNC }
            case .flush:
                io_uring_prep_fsync(sqe, file, UInt32(IORING_FSYNC_DATASYNC))
            case .discard:
                io_uring_prep_fallocate(
                    sqe, file, CU_PUNCH_HOLE, Int(bitPattern: UInt(at)), Int(bitPattern: UInt(rest)))
            default:
                prepareZeroes(sqe, slot, buffer)
            }
        }
        sqe.finish(UserData(.backend, tag: tag, step: stage))
        return .pending
    }

    @inline(never)
    private func prepareZeroes(
        _ sqe: UnsafeMutablePointer<io_uring_sqe>, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer
    ) {
        let request = slot.pointee.request
        let at = request.offset &+ slot.pointee.done
        let rest = request.length &- slot.pointee.done
        guard slot.pointee.way == Zeroes.write else {
            io_uring_prep_fallocate(
                sqe, Ring.backendIndex, slot.pointee.way == Zeroes.punch ? CU_PUNCH_HOLE : CU_ZERO_RANGE,
                Int(bitPattern: UInt(at)), Int(bitPattern: UInt(rest)))
            return
        }
        let bytes = min(rest, bufferBytes)
        memset(buffer, 0, Int(truncatingIfNeeded: bytes))
        io_uring_prep_write(sqe, Ring.backendIndex, buffer, UInt32(truncatingIfNeeded: bytes), at)
    }
}

extension Errno {
    /// The submission was not carried out. ECANCELED: not cancelled by us, the kernel had no thread for it and none was to
    /// be had (io_uring/io-wq.c, create_io_worker).
    fileprivate var isOfNothingDone: Bool { [.interrupted, .tryAgain, .canceled].contains(self) }
}
