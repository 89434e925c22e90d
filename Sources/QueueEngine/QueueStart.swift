internal import BlockABI
internal import CUblk
internal import Glibc

/// What a queue thread begins with: plain values and pointers, at a fixed address for the life of the process.
struct QueueStart {
    let memory: QueueMemory
    let ring: UnsafeMutablePointer<io_uring>
    let plan: TargetPlan
    let latch: UnsafeMutablePointer<Int32>
    let bufferBytes: UInt32
    var cpus: UnsafeMutablePointer<Int32>?
    var cpuCount: UInt32

    /// Exit status of a worker whose queue ended in a way that nobody ordered.
    static var brokenExit: Int32 { 70 }

    /// The thread's first function. An end that the driver did not order ends the process: a device with one
    /// dead queue looks alive to the kernel and hangs.
    static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { _exit(brokenExit) }
        let start = argument.assumingMemoryBound(to: QueueStart.self).pointee
        start.serve()
        return nil
    }

    private func serve() {
        let status = memory.status
        let signals = memory.signals
        _ = cu_thread_name("queue \(memory.index)")
        if let cpus { _ = cu_thread_cpus(cpus, cpuCount) }
        cu_store_i32(&status.pointee.tid, cu_thread_id())
        let enabled = io_uring_enable_rings(ring)
        guard enabled >= 0 else {
            cu_signal(signals, CU_PHASE_FAILED.rawValue, enabled)
            return
        }
        cu_signal(signals, CU_PHASE_READY.rawValue, 0)
        _ = cu_eventfd_wait(signals.pointee.wake)
        switch plan {
        case .null: run(NullTarget(depth: memory.depth))
        case .memory(let descriptor): run(MemoryTarget(descriptor: descriptor))
        case .file(let block, let buffered, let mayUnmap):
            run(
                FileTarget(
                    block: block, bufferBytes: bufferBytes, buffered: buffered, mayUnmap: mayUnmap,
                    latch: latch))
        case .failing: run(FailingTarget())
        }
    }

    private func run<T: Target & ~Copyable>(_ target: consuming T) {
        let status = memory.status
        let signals = memory.signals
        var loop = QueueLoop(
            memory: memory, target: target, submissions: Submissions(ring: ring, enter: KernelEnter()))
        do throws(Errno) {
            try loop.fetch()
        } catch {
            cu_meter_state(status, CU_QUEUE_FAILED.rawValue)
            cu_signal(signals, CU_PHASE_FAILED.rawValue, -error.rawValue)
            return
        }
        cu_store64(&status.pointee.fetched_ns, cu_now_ns())
        cu_meter_state(status, CU_QUEUE_SERVING.rawValue)
        cu_signal(signals, CU_PHASE_FETCHED.rawValue, 0)
        guard loop.run() == .ended else {
            cu_meter_state(status, CU_QUEUE_FAILED.rawValue)
            _exit(Self.brokenExit)
        }
        cu_meter_state(status, CU_QUEUE_ENDED.rawValue)
        cu_signal(signals, CU_PHASE_ENDED.rawValue, 0)
    }
}
