internal import BlockABI
internal import CUblk

/// One command of the driver: what it asks, and the memory that the kernel reads and writes meanwhile.
struct DriverCommand {
    let command: ControlCommand
    let payload: cu_ctrl_cmd
    /// Owned by whoever holds the command: freed after its answer and not before.
    let buffer: UnsafeMutableRawBufferPointer?
    /// The answer brings the buffer's contents.
    let returnsBuffer: Bool
    /// Its submission allows the next step, so it is told.
    let tellsSubmission: Bool
    /// Nanoseconds until it is sent again after EBUSY.
    let retryAfter: UInt64?

    /// Nil for work that is not a command of the driver.
    init?(_ work: AgentWork) {
        var payload = cu_ctrl_cmd()
        payload.queue_id = UInt16.max
        var bytes: [UInt8] = []
        var returns = false
        var tells = false
        var retry: UInt64?
        switch work {
        case .addDevice(let info):
            command = .addDevice
            payload.dev_id = info.id
            bytes = info.addRequestBytes
            returns = true
        case .setParameters(let device, let parameters):
            command = .setParameters
            payload.dev_id = device
            bytes = parameters
        case .startDevice(let device, let pid), .endUserRecovery(let device, let pid):
            if case .startDevice = work { command = .startDevice } else { command = .endUserRecovery }
            payload.dev_id = device
            payload.data = UInt64(bitPattern: Int64(pid))
            tells = true
        case .stopDevice(let device), .stopUnclaimedDevice(let device, _):
            command = .stopDevice
            payload.dev_id = device
        case .tryStopDevice(let device):
            command = .tryStopDevice
            payload.dev_id = device
        case .deleteDevice(let device):
            command = .deleteDevice
            payload.dev_id = device
        case .startUserRecovery(let device, let microseconds):
            command = .startUserRecovery
            payload.dev_id = device
            retry = UInt64(max(microseconds, 50)) * 1000
        case .quiesceDevice(let device, let milliseconds):
            command = .quiesceDevice
            payload.dev_id = device
            payload.data = UInt64(milliseconds)
        case .updateSize(let device, let sectors):
            command = .updateSize
            payload.dev_id = device
            payload.data = sectors
        case .filler, .writeAttribute, .openAttribute, .setNodeAccess, .compareBackend, .growBackend,
            .openBackend,
            .syncFileSystem, .cancel:
            return nil
        }
        if !bytes.isEmpty {
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
            room.copyBytes(from: bytes)
            payload.addr = UInt64(UInt(bitPattern: room.baseAddress))
            payload.len = UInt16(clamping: bytes.count)
            buffer = room
        } else {
            buffer = nil
        }
        self.payload = payload
        returnsBuffer = returns
        tellsSubmission = tells
        retryAfter = retry
    }
}

/// One request on its way.
final class AgentCommand {
    enum Kind {
        /// In flight in the ring.
        case driver(DriverCommand)
        /// Between two attempts; the next is due at this time.
        case waiting(DriverCommand, until: UInt64)
        /// On a thread of its own; its result may be a descriptor of this process.
        case task(returnsDescriptor: Bool)
        /// The same; the command is sent when it has the node.
        case claim(DriverCommand)
        /// A process.
        case filler(Filler)
    }

    let token: UInt64
    var kind: Kind
    /// The node that nobody else can claim while the command runs.
    var claim: Fd?
    /// CLOCK_MONOTONIC nanoseconds at which it is cancelled; nil: no limit.
    let deadline: UInt64?
    /// When it is cancelled the next time; nil as long as it need not be.
    var nextCancel: UInt64?
    /// The driver answered EBUSY, and it is sent again.
    var wasRefused = false
    /// The deadline passed, or `cancel` was asked for: nothing is repeated any more.
    var isGivenUp = false

    init(token: UInt64, kind: Kind, deadline: UInt64?) {
        self.token = token
        self.kind = kind
        self.deadline = deadline
        nextCancel = deadline
    }

    deinit {
        switch kind {
        case .driver(let command), .waiting(let command, _), .claim(let command): command.buffer?.deallocate()
        case .task, .filler: break
        }
    }
}

/// A filler process.
final class Filler {
    let child: Child
    init(_ child: consuming Child) { self.child = child }
}
