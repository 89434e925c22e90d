internal import CUblk

/// How the loop enters the kernel: the one seam between the shipped loop and the tested one. Everything else
/// (entries, ring words, completions) is the same memory for both.
protocol Enter: ~Copyable {
    /// Hands every prepared entry to the kernel and returns once `wait` completions stand in the ring: the
    /// number taken, or -errno.
    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32

    /// Puts another file in the backend's place of the table of fixed files: 0 or more, or -errno.
    mutating func replaceBackend(_ ring: UnsafeMutablePointer<io_uring>, by descriptor: Int32) -> Int32
}

struct KernelEnter: Enter, ~Copyable {
    @inline(__always)
    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32 {
        io_uring_submit_and_wait(ring, wait)
    }

    mutating func replaceBackend(_ ring: UnsafeMutablePointer<io_uring>, by descriptor: Int32) -> Int32 {
        var file = descriptor
        return io_uring_register_files_update(ring, UInt32(Ring.backendIndex), &file, 1)
    }
}
