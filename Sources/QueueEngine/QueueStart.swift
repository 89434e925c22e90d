internal import BlockABI
internal import CUblk
internal import Glibc

/// What a queue thread begins with: plain values and pointers, at a fixed address for the life of the process.
/// The main thread fills in the rest before it gives the order to run.
struct QueueStart {
    let index: UInt16
    let signals: UnsafeMutablePointer<cu_queue_signals>
    let ring: UnsafeMutablePointer<io_uring>
    var attached: Attached?

    /// What is known once the worker is attached to its device.
    struct Attached {
        let memory: QueueMemory
        let plan: TargetPlan
        let faults: InjectedFaults?
        let user: ServingUser
        let cpus: UnsafeMutableBufferPointer<Int32>
    }

    /// The thread's first function. An end that the driver did not order ends the process: a device with one
    /// dead queue looks alive to the kernel and hangs.
    static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { _exit(WorkerExit.threadEnded) }
        let start = argument.assumingMemoryBound(to: QueueStart.self)
        _ = cu_thread_name("queue \(start.pointee.index)")
        cu_guard_thread(WorkerExit.threadEnded)
        cu_await_order(start.pointee.signals, CU_ORDER_RUN.rawValue)
        guard let attached = start.pointee.attached else { _exit(WorkerExit.threadEnded) }
        start.pointee.serve(attached)
        cu_release_thread()
        return nil
    }

    private func serve(_ attached: Attached) {
        let memory = attached.memory
        let dropped = cu_drop_thread_privileges(attached.user.uid, attached.user.gid)
        guard dropped == 0 else {
            cu_store32(&signals.pointee.privileges, 1)
            return cu_signal(signals, CU_PHASE_FAILED.rawValue, dropped)
        }
        if !attached.cpus.isEmpty {
            _ = cu_thread_cpus(0, attached.cpus.baseAddress, UInt32(attached.cpus.count))
        }
        cu_store_i32(&memory.status.pointee.tid, cu_thread_id())
        let enabled = io_uring_enable_rings(ring)
        guard enabled >= 0 else { return cu_signal(signals, CU_PHASE_FAILED.rawValue, enabled) }
        // Nobody waits for it to be ready where the order to fetch is there already: one wake-up less.
        if cu_order_of(signals) < CU_ORDER_FETCH.rawValue {
            cu_signal(signals, CU_PHASE_READY.rawValue, 0)
            cu_await_order(signals, CU_ORDER_FETCH.rawValue)
        }
        switch attached.plan {
        case .null: run(memory, NullTarget(depth: memory.depth), attached.faults)
        case .memory(let descriptor): run(memory, MemoryTarget(descriptor: descriptor), attached.faults)
        case .file(let block, let buffered, let mayUnmap):
            run(
                memory,
                FileTarget(
                    block: block, bufferBytes: UInt32(truncatingIfNeeded: memory.maxIO) & ~4095,
                    buffered: buffered, mayUnmap: mayUnmap, depth: memory.depth, header: memory.header),
                attached.faults)
        case .failing: run(memory, FailingTarget())
        }
    }

    private func run<T: Target & ~Copyable>(
        _ memory: QueueMemory, _ target: consuming T, _ faults: InjectedFaults?
    ) {
        guard let faults else { return run(memory, target) }
        run(memory, FaultTarget(over: target, faults, queue: index))
    }

    private func run<T: Target & ~Copyable>(_ memory: QueueMemory, _ target: consuming T) {
        let status = memory.status
        var loop = QueueLoop(
            memory: memory, target: target, submissions: Submissions(ring: ring, enter: KernelEnter()))
        TestPoint.pass("queue.fetching.\(index)")
        do throws(Errno) {
            try loop.fetch()
        } catch {
            cu_meter_state(status, CU_QUEUE_FAILED.rawValue)
            cu_signal(signals, CU_PHASE_FAILED.rawValue, -error.rawValue)
            return
        }
        TestPoint.pass("queue.fetched.\(index)")
        cu_store64(&status.pointee.fetched_ns, cu_now_ns())
        cu_meter_state(status, CU_QUEUE_SERVING.rawValue)
        cu_signal(signals, CU_PHASE_FETCHED.rawValue, 0)
        _ = cu_thread_nice(0)
        guard loop.run() == .ended else {
            cu_meter_state(status, CU_QUEUE_FAILED.rawValue)
            _exit(WorkerExit.threadEnded)
        }
        cu_meter_state(status, CU_QUEUE_ENDED.rawValue)
        cu_signal(signals, CU_PHASE_ENDED.rawValue, 0)
    }
}
