internal import BlockABI
internal import CUblk
internal import Glibc

/// One queue of the device, owned by the main thread: its ring, its buffers and its thread's start. The thread
/// itself sees plain pointers into what is owned here; a queue lives as long as the process.
final class Queue {
    let index: UInt16
    private let geometry: QueueGeometry
    private let ring: Ring
    private let slots: UnsafeMutablePointer<IOSlot>
    private let buffers: UnsafeMutableRawPointer
    private let signals: UnsafeMutablePointer<cu_queue_signals>
    private let start: UnsafeMutablePointer<QueueStart>
    private var repairsSeen: UInt32 = 0
    /// New backends that are on their way to the thread, in order; -1: the one that it has.
    private var offers: [Int32] = []

    /// Everything that needs no device, the sleeping thread included. `ending` and `report` are shared by the device's queues.
    init(
        _ index: UInt16, _ geometry: QueueGeometry, ending: UnsafeMutablePointer<UInt32>, report: Int32
    ) throws(EngineError) {
        self.index = index
        self.geometry = geometry
        do throws(Errno) {
            ring = try Ring(depth: geometry.depth)
        } catch {
            let cause =
                error == .notPermitted
                ? "; the host forbids io_uring (kernel.io_uring_disabled)" : ""
            throw EngineError(.resources, error, "the ring of queue \(index) cannot be made\(cause)")
        }
        guard let buffers = cu_map_lazy(geometry.bufferBytes) else {
            throw EngineError(.resources, .noMemory, "no address space for the buffers of queue \(index)")
        }
        self.buffers = buffers
        let wake = cu_eventfd()
        guard wake >= 0 else {
            throw EngineError(.resources, Errno(-wake), "queue \(index) gets no eventfd")
        }
        let empty = IOSlot(request: IORequest(cu_io_desc()))
        slots = .allocate(capacity: Int(geometry.depth))
        slots.initialize(repeating: empty, count: Int(geometry.depth))
        signals = .allocate(capacity: 1)
        var fresh = cu_queue_signals()
        fresh.ending = ending
        fresh.wake = wake
        fresh.report = report
        fresh.taken = -1
        signals.initialize(to: fresh)
        start = .allocate(capacity: 1)
        start.initialize(to: QueueStart(index: index, signals: signals, ring: ring.raw, attached: nil))
        try makeThread()
    }

    var phase: cu_queue_phase { cu_queue_phase(cu_phase_of(signals)) }
    var failure: Errno { Errno(-cu_load_i32(&signals.pointee.error)) }
    /// The failure was the change of user.
    var failedAtPrivileges: Bool { cu_load32(&signals.pointee.privileges) != 0 }

    /// Lets the queue thread look: at a probe, at the end of the device.
    func wake() { _ = cu_eventfd_add(signals.pointee.wake) }

    /// What the thread said last of its backend; nil: nothing new since this was asked.
    func news() -> QueueSet.Repair? {
        let count = cu_repairs_of(signals)
        guard count != repairsSeen else { return nil }
        repairsSeen = count
        let error = Errno(-cu_load_i32(&signals.pointee.repair_error))
        switch cu_queue_repair(cu_load32(&signals.pointee.repair)) {
        case CU_REPAIR_NEEDED: return .needed(error)
        case CU_REPAIR_DONE:
            closeOffers()
            return .done
        case CU_REPAIR_FAILED:
            closeOffers()
            return .failed(error)
        default: return nil
        }
    }

    /// Goes on with `descriptor`, which stays open until the thread has answered; nil: with the backend it has.
    func replaceBackend(by descriptor: Int32?) {
        offers.append(descriptor ?? -1)
        cu_order_backend(signals, CU_BACKEND_REPLACE.rawValue, descriptor ?? -1)
    }

    func giveUpBackend(_ error: Errno) {
        cu_order_backend(signals, CU_BACKEND_GIVE_UP.rawValue, -error.rawValue)
    }

    /// The thread has taken one, and with it left those before it. A later one it may not have seen yet.
    private func closeOffers() {
        guard let last = offers.firstIndex(of: cu_load_i32(&signals.pointee.taken)) else { return }
        for descriptor in offers[...last] where descriptor >= 0 { _ = close(descriptor) }
        offers.removeSubrange(...last)
    }

    /// Nanoseconds; 0: requests may take any time.
    func limitRequests(to age: UInt64) {
        cu_store64(&signals.pointee.request_limit_ns, age)
        wake()
    }

    func order(_ order: cu_queue_order) { cu_order(signals, order.rawValue) }

    /// Maps the descriptors and fixes the files in the ring. `cpus` empty: wherever the process may run.
    func attach(
        device: Int32, backend: borrowing Backend, faults: InjectedFaults?,
        header: UnsafeMutablePointer<cu_status_header>,
        status: UnsafeMutablePointer<cu_queue_status>,
        user: ServingUser, cpus: [Int32], memoryIsLocked: Bool
    ) throws(EngineError) {
        var refused: Int32 = 0
        let mapping = cu_map_shared(device, geometry.mappingOffset(index), geometry.mappingBytes, &refused)
        guard let mapping else {
            throw EngineError(.device, Errno(-refused), "the requests of queue \(index) cannot be mapped")
        }
        do throws(Errno) {
            try ring.register(
                device: device, backend: backend.descriptor(of: index), wake: signals.pointee.wake)
        } catch {
            throw EngineError(.resources, error, "the files of queue \(index) cannot be fixed in its ring")
        }
        let memory = QueueMemory(
            index: index, depth: geometry.depth,
            descriptors: mapping.assumingMemoryBound(to: cu_io_desc.self), slots: slots, buffers: buffers,
            stride: geometry.stride, maxIO: UInt64(geometry.maxIO),
            readOnly: backend.facts.readOnly, status: status, words: cu_request_words(status), header: header,
            signals: signals, givesBack: memoryIsLocked && ring.runsOnlyWhenEntered)
        let kept = UnsafeMutableBufferPointer<Int32>.allocate(capacity: cpus.count)
        _ = kept.initialize(from: cpus)
        start.pointee.attached = QueueStart.Attached(
            memory: memory, plan: backend.plan, faults: faults, user: user, cpus: kept)
    }

    private func makeThread() throws(EngineError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 256 * 1024)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let result = pthread_create(&thread, &attributes, { QueueStart.enter($0) }, start)
        guard result == 0 else {
            throw EngineError(.resources, Errno(result), "the thread of queue \(index) cannot be made")
        }
    }
}
