internal import BlockABI
internal import CUblk
internal import Glibc

/// The filler: a short-lived process that fetches every slot of a dead worker's queues without mapping
/// anything, and leaves. On classic kernels a START_USER_RECOVERY after a recovery that was cut short is
/// only safe when every queue had a server.
public enum FillerProcess {
    /// From an agent, as a fresh process of its own program: nothing is forked that goes on running.
    static func spawn(device: UInt32, queues: UInt16, queueDepth: UInt16) throws(Errno) -> Child {
        try Child.spawn(
            path: "/proc/self/exe",
            arguments: ["ublkd-worker", "filler", "\(device)", "\(queues)", "\(queueDepth)", "\(getpid())"],
            environment: ["SWIFT_BACKTRACE=enable=no"])
    }

    /// What the agent answers: 0, the errno that the filler left with, or why it was ended.
    static func result(of cause: ExitCause, givenUp: Bool) -> Int32 {
        switch cause {
        case .exited(let status): -status
        case .signalled, .unknown: givenUp ? -ETIMEDOUT : -EIO
        }
    }

    /// The whole of the process. `arguments` are those after `filler`: device, queues, queue depth, and the
    /// pid without which it has no business. Returns its exit status: 0 or an errno. Slots that the driver
    /// refuses were fetched before; that is what is wanted.
    public static func run(arguments: [String]) -> Int32 {
        guard arguments.count == 4, let device = UInt32(arguments[0]), let queues = UInt16(arguments[1]),
            let depth = UInt16(arguments[2]), let parent = Int32(arguments[3]), queues > 0, depth > 0
        else { return EINVAL }
        cu_become_agent("ublkd-filler")
        guard cu_die_with(parent) == 0 else { return ESRCH }
        do {
            try fill(device: device, queues: queues, queueDepth: depth)
        } catch {
            return error.rawValue
        }
        return 0
    }

    private static func fill(device: UInt32, queues: UInt16, queueDepth: UInt16) throws(Errno) {
        let node = try openWhenReleased("/dev/ublkc\(device)")
        var ring = io_uring()
        var parameters = io_uring_params()
        parameters.flags = UInt32(IORING_SETUP_SUBMIT_ALL)
        try Errno.check(io_uring_queue_init_params(UInt32(queueDepth), &ring, &parameters))
        // The driver asks for a buffer address; nothing is ever copied there.
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
        for queue in 0..<queues {
            for tag in 0..<queueDepth {
                guard let entry = io_uring_get_sqe(&ring) else { throw .busy }
                prepareFetch(entry, node: node.raw, queue: queue, tag: tag, buffer: buffer)
            }
            // One call for all slots of a queue: a signal cannot leave it half fetched.
            while io_uring_sq_ready(&ring) > 0 { try Errno.check(io_uring_submit(&ring)) }
            var cqe: UnsafeMutablePointer<io_uring_cqe>?
            while io_uring_peek_cqe(&ring, &cqe) == 0, let seen = cqe { io_uring_cqe_seen(&ring, seen) }
        }
        // Ring and node stay open until the process ends, which is what the driver must see.
        _ = node.release()
    }

    private static func prepareFetch(
        _ entry: UnsafeMutablePointer<io_uring_sqe>, node: Int32, queue: UInt16, tag: UInt16,
        buffer: UnsafeMutableRawPointer
    ) {
        memset(entry, 0, 64)
        entry.pointee.opcode = UInt8(IORING_OP_URING_CMD.rawValue)
        entry.pointee.fd = node
        entry.pointee.off = UInt64(CU_IO_FETCH_REQ)
        var command = cu_io_cmd()
        command.q_id = queue
        command.tag = tag
        command.addr = UInt64(UInt(bitPattern: buffer))
        memcpy(cu_sqe_cmd(entry), &command, MemoryLayout<cu_io_cmd>.size)
    }

    /// The driver lets go of a dead worker's file a little after its death: EBUSY until then. The agent
    /// bounds this by ending the process.
    private static func openWhenReleased(_ path: String) throws(Errno) -> Fd {
        while true {
            do throws(Errno) { return try Fd.open(path, flags: O_RDWR) } catch {
                guard error == .busy else { throw error }
                usleep(1000)
            }
        }
    }
}
