internal import BlockABI
internal import CUblk
internal import Glibc

/// Zeroes for READ; what is written is dropped.
struct NullTarget: Target, ~Copyable {
    /// Bytes at the start of each tag's buffer that are known to be zero.
    private let clean: UnsafeMutablePointer<UInt32>

    init(depth: UInt16) {
        clean = .allocate(capacity: Int(depth))
        clean.initialize(repeating: 0, count: Int(depth))
    }

    deinit { clean.deallocate() }

    @inline(__always)
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step {
        let request = slot.pointee.request
        let length = UInt32(truncatingIfNeeded: request.length)
        if request.operation == .write {
            clean[Int(tag)] = 0
        } else if request.operation == .read, clean[Int(tag)] < length {
            // Pages that nobody ever wrote are the kernel's slow case, so the first READ touches them.
            memset(buffer, 0, Int(length))
            clean[Int(tag)] = length
        }
        return .whole(request)
    }

    /// Its data may be in the buffer.
    mutating func passedBy(_ tag: UInt16) { clean[Int(tag)] = 0 }

    @inline(__always)
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step { .done(result) }
}
