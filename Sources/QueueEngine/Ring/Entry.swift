internal import BlockABI
internal import CUblk

extension UnsafeMutablePointer<io_uring_sqe> {
    /// Completes an entry that liburing prepared for a slot of the table of fixed files.
    @inline(__always)
    func finish(_ userData: UserData) {
        pointee.flags |= UInt8(truncatingIfNeeded: cu_fixed_file())
        pointee.user_data = userData.rawValue
    }
}
