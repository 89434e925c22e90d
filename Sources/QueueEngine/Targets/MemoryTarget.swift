internal import BlockABI
internal import CUblk

/// The contents of a memfd. READ and WRITE are copies in memory, made at once: no mapping, so that a hole that
/// is only read stays a hole, and a page that cannot be had is an errno of one request and not a signal.
struct MemoryTarget: Target, ~Copyable {
    /// Borrowed: the backend owns it and outlives the queue.
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    @inline(__always)
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step {
        let request = slot.pointee.request
        switch request.operation {
        case .read, .write: return copy(request, buffer)
        case .discard, .writeZeroes:
            guard let sqe = submissions.next() else { return .ringLost }
            io_uring_prep_fallocate(
                sqe, Ring.backendIndex, CU_PUNCH_HOLE, Int(truncatingIfNeeded: request.offset),
                Int(truncatingIfNeeded: request.length))
            slot.pointee.step = 0
            sqe.finish(UserData(.backend, tag: tag))
            return .pending
        default: return .done(0)
        }
    }

    @inline(__always)
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        // The kernel had no thread for it just now.
        let isLack = [.interrupted, .tryAgain, .canceled].contains(Errno(-result))
        guard isLack, slot.pointee.retries < 64 else { return .done(result) }
        slot.pointee.retries &+= 1
        return begin(tag, slot, buffer, &submissions)
    }

    private func copy(_ request: IORequest, _ buffer: UnsafeMutableRawPointer) -> Step {
        var done: UInt64 = 0
        while done < request.length {
            let rest = Int(truncatingIfNeeded: request.length &- done)
            let at = request.offset &+ done
            let result =
                request.operation == .read
                ? cu_pread(descriptor, buffer + Int(truncatingIfNeeded: done), rest, at)
                : cu_pwrite(descriptor, buffer + Int(truncatingIfNeeded: done), rest, at)
            if result == -Int64(Errno.interrupted.rawValue) { continue }
            if result < 0 { return .done(Int32(truncatingIfNeeded: result)) }
            if result == 0 { return .done(-Errno.inputOutput.rawValue) }
            done &+= UInt64(result)
        }
        return .whole(request)
    }
}
