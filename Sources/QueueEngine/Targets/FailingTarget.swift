internal import BlockABI
internal import CUblk

/// Answers every request with EIO, so that I/O which waits for a device that was given up comes to an end.
struct FailingTarget: Target, ~Copyable {
    @inline(__always)
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step { .done(-Errno.inputOutput.rawValue) }

    @inline(__always)
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step { .done(-Errno.inputOutput.rawValue) }
}
