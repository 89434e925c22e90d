public import BlockABI
internal import CUblk
internal import Glibc

/// `/dev/ublk-control`, for the questions that the driver answers without taking a lock: they come back even
/// while a device hangs. Everything else goes through a control agent. As long as it is open the driver
/// cannot be unloaded under quiesced devices.
public struct ControlDevice: ~Copyable {
    public static var path: String { "/dev/ublk-control" }
    /// The longest wait for one answer, milliseconds. No answer of a healthy kernel takes a tenth of it.
    public static var patience: UInt64 { 2000 }

    /// Of the control device: for the service manager's store.
    public let fd: Fd
    private let ring: ControlRing
    private let state = QueryState()

    /// ENOENT, ENODEV or ENXIO: the kernel has no ublk driver. EPERM: io_uring is disabled on this host.
    public init() throws(Errno) {
        try self.init(try Fd.open(Self.path, flags: O_RDWR))
    }

    /// Takes over a descriptor that another ublkd had opened.
    public init(_ fd: consuming Fd) throws(Errno) {
        ring = try ControlRing(commands: 8)
        self.fd = fd
    }

    /// False for a descriptor of something else. Without the node to compare it with, any character device may be one.
    public static func isOne(_ fd: borrowing Fd) -> Bool {
        guard let kind = try? FileStatus(of: fd).kind, case .characterDevice = kind else { return false }
        guard let node = try? FileStatus(path: path) else { return true }
        return node.kind == kind
    }

    /// What the driver can do. EOPNOTSUPP: a driver without GET_FEATURES, older than all we know.
    public borrowing func features() throws(Errno) -> DeviceFlags {
        let answer = try ask(.getFeatures, id: DeviceInfo.anyID, room: 8)
        return DeviceFlags(rawValue: answer.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    }

    /// ENODEV: there is no device with this number.
    public borrowing func info(of id: UInt32) throws(Errno) -> DeviceInfo {
        let answer = try ask(.getDeviceInfo, id: id, room: MemoryLayout<cu_dev_info>.size)
        return DeviceInfo(answer.withUnsafeBytes { $0.loadUnaligned(as: cu_dev_info.self) })
    }

    /// The CPUs whose I/O the kernel sends to this queue. ENODEV, EINVAL: there is no such device or queue.
    public borrowing func affinity(of id: UInt32, queue: UInt16) throws(Errno) -> [Int32] {
        // 8192 CPUs, the most that a Linux kernel can be built for.
        let mask = try ask(.getQueueAffinity, id: id, room: 1024, data: UInt64(queue))
        return mask.enumerated().flatMap { at, byte in
            (0..<8).filter { byte & 1 << $0 != 0 }.map { Int32(at * 8 + $0) }
        }
    }

    /// Asks and waits. ETIMEDOUT: no answer within `patience`.
    private borrowing func ask(
        _ command: ControlCommand, id: UInt32, room: Int, data: UInt64 = 0
    ) throws(Errno) -> [UInt8] {
        while let stale = ring.answer() { state.forget(stale.userData) }
        guard let sqe = ring.entry() else { throw .busy }
        let question = state.begin(room: room)
        var payload = cu_ctrl_cmd()
        payload.dev_id = id
        payload.queue_id = UInt16.max
        payload.len = UInt16(room)
        payload.addr = UInt64(UInt(bitPattern: question.buffer.baseAddress))
        payload.data = data
        cu_prep_ctrl(sqe, fd.raw, command.rawValue, &payload, question.number)
        try ring.submit()
        let deadline = Clock.monotonic() + Self.patience * 1_000_000
        while let answer = ring.answer(before: deadline) {
            guard answer.userData == question.number else {
                state.forget(answer.userData)
                continue
            }
            let bytes = Array(question.buffer)
            state.forget(question.number)
            try Errno.check(answer.result)
            return bytes
        }
        // The kernel may still write there: the buffer stays until the answer comes.
        throw .timedOut
    }
}

/// Buffers that the kernel may write to, each until its answer came.
private final class QueryState {
    struct Question {
        let number: UInt64
        let buffer: UnsafeMutableRawBufferPointer
    }

    private var open: [UInt64: UnsafeMutableRawBufferPointer] = [:]
    private var last: UInt64 = 0

    func begin(room: Int) -> Question {
        last += 1
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
        open[last] = buffer
        return Question(number: last, buffer: buffer)
    }

    func forget(_ number: UInt64) { open.removeValue(forKey: number)?.deallocate() }
}
