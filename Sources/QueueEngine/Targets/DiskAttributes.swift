internal import CUblk

/// What the kernel says about a disk's queue, under `/sys/dev/block`. Absent for a device number without a
/// disk (a network or memory file system).
struct DiskAttributes {
    /// `st_rdev` of a block device, or `st_dev` of a file on it.
    let device: UInt64

    func text(_ name: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room in
            let count = cu_queue_attribute(device, name, room.baseAddress, room.count)
            guard count > 0 else { return nil }
            let bytes = room.prefix(Int(count)).map { UInt8(bitPattern: $0) }
            let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
    }

    func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }
}
