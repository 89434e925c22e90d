internal import BlockABI
internal import CUblk
internal import Glibc
internal import LinuxSys
internal import QueueEngine

/// `ublkd-worker`: from a spare process to the worker of one device, and then to its end.
func runWorker() -> Never {
    guard cu_is_record_socket(ChildProtocol.socketDescriptor) == 1 else {
        say("ublkd-worker: started by hand; ublkd starts it (see ublkd-worker --help)\n", to: 2, exit: 2)
    }
    Confinement.atStart()
    let link = SupervisorLink()
    link.send(.hello(protocolVersion: ChildProtocol.version, pid: getpid(), build: Version.text))
    do throws(WorkerFailure) {
        // While it is a spare: a recovery waits for what follows the order.
        try Confinement.barPrivileges()
        let order = try WorkerOrder.await(link)
        TestPoint.pass("worker.configured")
        var worker = try PreparedWorker(order, link)
        TestPoint.pass("worker.opened-backend")
        link.send(.prepared(worker.facts))
        // Slow in the kernel, and hidden by ublkd's wait for the driver.
        Confinement.leaveMounts()
        try worker.serve(link)
        link.send(.ended)
        _exit(0)
    } catch {
        link.send(.failed(stage: error.stage, errno: error.errno, what: error.what))
        _exit(error.exitStatus)
    }
}

/// The order that makes a spare worker the worker of one device.
struct WorkerOrder {
    let spec: WorkerSpec
    let descriptors: [Int32]

    /// Waits for it; a spare ends with its socket.
    static func await(_ link: borrowing SupervisorLink) throws(WorkerFailure) -> WorkerOrder {
        while true {
            guard let (request, descriptors) = try link.receive(wait: true) else { continue }
            if case .configure(let spec) = request {
                return WorkerOrder(spec: spec, descriptors: descriptors)
            }
            descriptors.forEach { _ = close($0) }
        }
    }
}

/// A worker that has done everything that can fail and needs no device.
struct PreparedWorker: ~Copyable {
    let spec: WorkerSpec
    var queues: QueueSet
    let page: StatusPage
    private(set) var facts: BackendFacts
    private var needs: AttachNeeds?

    init(_ order: WorkerOrder, _ link: borrowing SupervisorLink) throws(WorkerFailure) {
        let spec = order.spec
        _ = cu_thread_name(String("ublkd-w/\(spec.name)".prefix(15)))
        let page = try Self.statusPage(order)
        let alone = Confinement.privateMounts()
        if spec.lockMemory { try Confinement.lockMemory() }
        let folder = cu_open_folder("/dev")
        guard folder >= 0 else { throw WorkerFailure(.resources, Errno(-folder), "/dev cannot be opened") }
        let devices = Fd(owning: folder)
        let queues = try Self.makeQueues(spec)
        if spec.opensOnOrder {
            TestPoint.pass("worker.ready")
            link.send(.ready)
            try Self.awaitAdmission(link)
        }
        // Last: a predecessor that dies keeps its lock for as long as its I/O takes, and all else is done by then.
        let backend = try Self.openBackend(spec, try Self.backendSpec(order))
        self.spec = spec
        self.page = page
        facts = backend.facts
        if !alone {
            facts.warnings.append("its worker has no mounts of its own: it may keep an unmounted disk busy")
        }
        self.queues = queues
        needs = AttachNeeds(devices: devices, backend: backend)
    }

    /// Its predecessor serves the backend until then.
    private static func awaitAdmission(_ link: borrowing SupervisorLink) throws(WorkerFailure) {
        while true {
            guard let (request, descriptors) = try link.receive(wait: true) else { continue }
            descriptors.forEach { _ = close($0) }
            if request == .admit { return }
        }
    }

    private static func makeQueues(_ spec: WorkerSpec) throws(WorkerFailure) -> QueueSet {
        do throws(EngineError) {
            return try QueueSet(
                QueueGeometry(queues: spec.queues, depth: spec.queueDepth, maxIO: spec.maxIO))
        } catch {
            throw WorkerFailure(error)
        }
    }

    private static func openBackend(
        _ spec: WorkerSpec, _ backend: BackendSpec
    ) throws(WorkerFailure) -> Backend {
        do throws(EngineError) {
            return try Backend.open(
                backend, readOnly: spec.readOnly, discard: spec.discard, queues: spec.queues)
        } catch {
            throw WorkerFailure(error)
        }
    }

    /// From the order to attach to the end of the device.
    mutating func serve(_ link: borrowing SupervisorLink) throws(WorkerFailure) {
        let fetchNow = try awaitAttach(link)
        try watch(link, fetching: fetchNow)
    }

    // ---- attaching --------------------------------------------------------------------------------------

    private mutating func awaitAttach(_ link: borrowing SupervisorLink) throws(WorkerFailure) -> Bool {
        while true {
            guard let (request, descriptors) = try link.receive(wait: true) else { continue }
            guard case .attach(let device, let fetchNow, let affinity) = request,
                let first = descriptors.first
            else {
                descriptors.forEach { _ = close($0) }
                continue
            }
            descriptors.dropFirst().forEach { _ = close($0) }
            try Self.place(first, at: ChildProtocol.supervisorEndDescriptor)
            try attach(device, affinity, fetchNow: fetchNow)
            return fetchNow
        }
    }

    private mutating func attach(
        _ device: UInt32, _ affinity: [[Int32]], fetchNow: Bool
    ) throws(WorkerFailure) {
        guard let needs = needs.take() else {
            throw WorkerFailure(.device, .badDescriptor, "it is attached already")
        }
        let node = try Self.open(device, in: needs.devices)
        TestPoint.pass("worker.opened")
        let header = page.headerBlock
        cu_store32(&header.pointee.generation, cu_load32(&header.pointee.generation) &+ 1)
        cu_store_i32(&header.pointee.worker_pid, getpid())
        cu_store64(&header.pointee.fetched_ns, 0)
        cu_store64(&header.pointee.first_io_ns, 0)
        let user = ServingUser(uid: spec.uid, gid: spec.gid)
        let blocks = (0..<page.queues).map { page.queueBlock($0) }
        do throws(EngineError) {
            try queues.attach(
                device: node.raw, backend: needs.backend, faults: spec.faults, user: user,
                cpus: spec.cpus.isEmpty ? affinity : spec.cpus, memoryIsLocked: spec.lockMemory,
                header: header
            ) { index in Int(index) < blocks.count ? blocks[Int(index)] : nil }
        } catch {
            throw WorkerFailure(error)
        }
        queues.limitRequests(to: spec.requestLimit &* 1_000_000)
        TestPoint.pass("worker.mapped")
        // From here on ublkcN lives in the rings alone, so that a dead worker is gone only when its last write
        // is.
        _ = consume node
        try Confinement.dropPrivileges(user)
        TestPoint.pass("worker.attached")
        if fetchNow { queues.fetch() } else { queues.run() }
    }

    /// Opens `/dev/ublkcN`. A predecessor's last reference may go a moment later, and the node of a new device
    /// may come a moment later.
    private static func open(_ device: UInt32, in folder: borrowing Fd) throws(WorkerFailure) -> Fd {
        let deadline = cu_now_ns() + 5_000_000_000
        while true {
            let number = cu_open_in(folder.raw, "ublkc\(device)")
            if number >= 0 { return Fd(owning: number) }
            let error = Errno(-number)
            guard error == .busy || error == .noSuchFile, cu_now_ns() < deadline else {
                throw WorkerFailure(.device, error, "/dev/ublkc\(device) cannot be opened")
            }
            usleep(500)
        }
    }
}

/// What a prepared worker keeps until it attaches, once.
private struct AttachNeeds: ~Copyable {
    /// `/dev`, for ublkcN: paths end when the mounts are left.
    let devices: Fd
    let backend: Backend

    init(devices: consuming Fd, backend: consuming Backend) {
        self.devices = devices
        self.backend = backend
    }
}
