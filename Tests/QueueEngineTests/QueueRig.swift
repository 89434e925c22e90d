import BlockABI
import CUblk

@testable import QueueEngine

/// The memory of one queue and a driver behind its ring.
final class QueueRig {
    let driver: FakeDriver
    let memory: QueueMemory
    let ending: UnsafeMutablePointer<UInt32>

    init(
        depth: UInt16 = 4, maxIO: UInt32 = 65_536, size: UInt64 = 1 << 20, readOnly: Bool = false,
        entries: UInt32? = nil, givesBack: Bool = true
    ) {
        driver = FakeDriver(depth: depth, entries: entries)
        ending = Self.zeroed(0)
        let signals = Self.zeroed(cu_queue_signals())
        signals.pointee.ending = ending
        signals.pointee.report = -1
        signals.pointee.wake = -1
        let slots = UnsafeMutablePointer<IOSlot>.allocate(capacity: Int(depth))
        slots.initialize(repeating: IOSlot(request: IORequest(cu_io_desc())), count: Int(depth))
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(depth))
        words.initialize(repeating: 0, count: Int(depth))
        memory = QueueMemory(
            index: 3, depth: depth, descriptors: UnsafePointer(driver.descriptors), slots: slots,
            buffers: Self.untouched(Int(maxIO) * Int(depth)), stride: Int(maxIO),
            maxIO: UInt64(maxIO), readOnly: readOnly, status: Self.zeroed(cu_queue_status()), words: words,
            header: Self.zeroed(cu_status_header()), signals: signals, givesBack: givesBack)
        memory.header.pointee.size = size
        memory.header.pointee.backend_end = .max
    }

    deinit {
        memory.slots.deallocate()
        cu_unmap(memory.buffers, Int(memory.maxIO) * Int(memory.depth))
        memory.status.deallocate()
        memory.words.deallocate()
        memory.header.deallocate()
        memory.signals.deallocate()
        ending.deallocate()
    }

    var status: cu_queue_status { memory.status.pointee }

    func buffer(_ tag: UInt16) -> UnsafeMutableRawPointer { memory.buffers + Int(tag) * memory.stride }

    func loop<T: Target & ~Copyable>(_ target: consuming T) -> QueueLoop<T, FakeEnter> {
        QueueLoop(
            memory: memory, target: target,
            submissions: Submissions(ring: driver.ring.raw, enter: FakeEnter(driver: driver)))
    }

    /// Fetches and serves the driver's steps to the end.
    @discardableResult
    func serve<T: Target & ~Copyable>(_ target: consuming T) throws -> QueueEnd {
        var loop = loop(target)
        try loop.fetch()
        return loop.run()
    }

    /// `requests` one after the other, each on tag 0; the results committed.
    func results<T: Target & ~Copyable>(
        _ target: consuming T, _ requests: [(FakeDriver) -> Void]
    ) throws -> [Int32] {
        driver.steps = requests.map { request in { request(self.driver) } }
        try serve(target)
        return driver.commits.map(\.result)
    }

    func fileTarget(buffered: Bool = false, mayUnmap: Bool = true, block: UInt32 = 512) -> FileTarget {
        FileTarget(
            block: block, bufferBytes: UInt32(memory.maxIO), buffered: buffered, mayUnmap: mayUnmap,
            depth: memory.depth, header: memory.header)
    }

    /// As the worker has its buffers: nothing of them is resident yet.
    private static func untouched(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let buffers = cu_map_lazy(bytes) else { fatalError("no address space for buffers") }
        return buffers
    }

    private static func zeroed<T>(_ value: T) -> UnsafeMutablePointer<T> {
        let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
        pointer.initialize(to: value)
        return pointer
    }
}
