public import BlockABI
internal import CUblk

/// Memory that outlives the process that made it, as long as somebody holds its descriptor.
public enum SharedMemory {
    /// A memfd of `size` bytes that keeps its size for good: who maps it cannot be made to fault by
    /// somebody who truncates it. `name` is for people who look into `/proc`.
    public static func create(name: String, size: UInt64) throws(Errno) -> Fd {
        Fd(owning: try Errno.check(cu_memfd_fixed(name, size)))
    }
}
