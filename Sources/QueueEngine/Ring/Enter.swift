internal import CUblk

/// How the loop enters the kernel: the one seam between the shipped loop and the tested one. Everything else
/// (entries, ring words, completions) is the same memory for both.
protocol Enter: ~Copyable {
    /// Hands every prepared entry to the kernel and returns once `wait` completions stand in the ring: the
    /// number taken, or -errno.
    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32
}

struct KernelEnter: Enter, ~Copyable {
    @inline(__always)
    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32 {
        io_uring_submit_and_wait(ring, wait)
    }
}
