public import BlockABI
public import CUblk
internal import Glibc

/// The queues of one device and the backend that they share, as the worker's main thread drives them:
/// `init` (everything that needs neither device nor backend), `attach`, `run`, then `fetch`.
public struct QueueSet: ~Copyable {
    /// Where the queues of the device stand together.
    public enum State: Equatable, Sendable {
        /// Some thread is not ready yet.
        case starting
        /// All threads wait for the order to fetch.
        case ready
        /// Every slot of every queue is fetched.
        case serving
        /// The driver takes the slots back.
        case ending
        /// Every queue is over: the device was stopped or quiesced.
        case ended
        /// A queue could not begin to serve: the driver refused it, or the kernel the change of user.
        case failed(queue: UInt16, Errno, privileges: Bool)
    }

    private let queues: [Queue]
    private let depth: UInt16
    private let report: Int32
    private let ending: UnsafeMutablePointer<UInt32>
    /// Kept open as long as the queues are served: its lock, or the claim on a block device, is not that of the backends
    /// which queues get later, although they are the same one opened again.
    private var backend: Backend?

    /// Makes rings, buffers and the sleeping threads. Memory for the buffers is taken only as requests touch it.
    public init(_ geometry: QueueGeometry) throws(EngineError) {
        let report = cu_eventfd()
        guard report >= 0 else {
            throw EngineError(.resources, Errno(-report), "the worker gets no eventfd")
        }
        let ending = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        ending.initialize(to: 0)
        var queues: [Queue] = []
        for index in 0..<geometry.queues {
            queues.append(try Queue(index, geometry, ending: ending, report: report))
        }
        self.queues = queues
        depth = geometry.depth
        self.report = report
        self.ending = ending
    }

    /// Readable when a queue has something to say: look at `state` after `clearReport`.
    public var reportDescriptor: Int32 { report }

    public func clearReport() { _ = cu_eventfd_wait(report) }

    /// Maps the requests of every queue and fixes ublkcN and the backend in every ring. Afterwards the caller
    /// closes its plain descriptor of ublkcN. `faults` happen on purpose, whatever the backend does. `header` and `status(i)` are the device's status page; each
    /// thread will serve as `user` on its list of `cpus` (a queue without one: wherever the process may run). Where
    /// memory is locked as it is touched, queues at rest give their buffers back.
    public mutating func attach(
        device: Int32, backend: consuming Backend, faults: InjectedFaults? = nil, user: ServingUser,
        cpus: [[Int32]], memoryIsLocked: Bool,
        header: UnsafeMutablePointer<cu_status_header>,
        status: (UInt16) -> UnsafeMutablePointer<cu_queue_status>?
    ) throws(EngineError) {
        // A predecessor's disk may have grown meanwhile, and its backend before it.
        if cu_load64(&header.pointee.size) < backend.facts.size {
            cu_store64(&header.pointee.size, backend.facts.size)
        }
        cu_store64(cu_backend_end(header), .max)
        for queue in queues {
            guard let block = status(queue.index) else {
                throw EngineError(
                    .resources, .invalidArgument, "the status page has no room for queue \(queue.index)")
            }
            begin(block, queue.index)
            let index = Int(queue.index)
            try queue.attach(
                device: device, backend: backend, faults: faults, header: header, status: block,
                user: user, cpus: index < cpus.count ? cpus[index] : [], memoryIsLocked: memoryIsLocked)
        }
        self.backend = consume backend
    }

    /// Every thread drops its privileges and enables its ring. Once, after `attach`.
    public func run() { for queue in queues { queue.order(CU_ORDER_RUN) } }

    /// Every thread submits its FETCHes, as soon as it is ready. Once, after `run`, or instead of it.
    public func fetch() { for queue in queues { queue.order(CU_ORDER_FETCH) } }

    /// Every queue thread answers in its block of the status page.
    public func wake() { for queue in queues { queue.wake() } }

    // MARK: - Recovery in place

    /// What a queue thread says of its backend.
    public enum Repair: Equatable, Sendable {
        /// Nothing goes below until it gets a backend (`replaceBackend`) or a word (`giveUpBackend`). ETIMEDOUT:
        /// a request got too old there.
        case needed(Errno)
        /// It serves with the backend it was given, and its requests were begun again.
        case done
        /// Its ring did not take the new backend.
        case failed(Errno)
    }

    /// What threads said since this was last asked, by queue.
    public func repairs() -> [(queue: UInt16, repair: Repair)] {
        queues.compactMap { queue in
            queue.news().map { (queue.index, $0) }
        }
    }

    /// `queue` cancels what is below, waits until it is over and goes on with `descriptor` (taken over), or with the
    /// backend it has. Answered in `repairs`.
    public func replaceBackend(of queue: UInt16, by descriptor: Int32?) {
        guard Int(queue) < queues.count else {
            if let descriptor { _ = close(descriptor) }
            return
        }
        queues[Int(queue)].replaceBackend(by: descriptor)
    }

    /// There is no backend to be had: what waits in `queue` is answered with `error`, and later errors of the old
    /// backend are passed on.
    public func giveUpBackend(of queue: UInt16, _ error: Errno) {
        guard Int(queue) < queues.count else { return }
        queues[Int(queue)].giveUpBackend(error)
    }

    /// A request that is below for longer than `nanoseconds` makes its queue need a new backend; 0: no limit.
    public func limitRequests(to nanoseconds: UInt64) {
        for queue in queues { queue.limitRequests(to: nanoseconds) }
    }

    // MARK: -

    public var state: State {
        var least = CU_PHASE_ENDED.rawValue
        var ending = false
        for queue in queues {
            let phase = queue.phase
            if phase == CU_PHASE_FAILED {
                return .failed(
                    queue: queue.index, queue.failure, privileges: queue.failedAtPrivileges)
            }
            if phase == CU_PHASE_ENDING || phase == CU_PHASE_ENDED { ending = true }
            least = min(least, phase.rawValue)
        }
        if least == CU_PHASE_ENDED.rawValue { return .ended }
        if ending { return .ending }
        if least == CU_PHASE_FETCHED.rawValue { return .serving }
        return least == CU_PHASE_READY.rawValue ? .ready : .starting
    }

    /// A new worker's beginning in a block that outlives workers: what counts goes on, what is now starts over.
    private func begin(_ block: UnsafeMutablePointer<cu_queue_status>, _ index: UInt16) {
        cu_store32(&block.pointee.index, UInt32(index))
        cu_store32(&block.pointee.inflight, 0)
        cu_store_i32(&block.pointee.tid, 0)
        cu_store64(&block.pointee.fetched_ns, 0)
        cu_store64(&block.pointee.first_io_ns, 0)
        cu_store64(&block.pointee.probe_asked, 0)
        cu_store64(&block.pointee.probe_answered, 0)
        let words = cu_request_words(block)
        for tag in 0..<Int(depth) { words?[tag] = 0 }
        cu_store32(&block.pointee.state, CU_QUEUE_PREPARED.rawValue)
    }
}
