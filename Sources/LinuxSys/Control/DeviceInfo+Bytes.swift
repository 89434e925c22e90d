public import BlockABI
internal import CUblk

extension DeviceInfo {
    /// From the payload with which an agent answers `addDevice`. Nil: it is not the driver's 64 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == MemoryLayout<cu_dev_info>.size else { return nil }
        self.init(bytes.withUnsafeBytes { $0.loadUnaligned(as: cu_dev_info.self) })
    }

    /// The request of ADD_DEV as the driver reads it.
    var addRequestBytes: [UInt8] { withUnsafeBytes(of: addRequest) { Array($0) } }
}
