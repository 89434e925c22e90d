import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// Values of policy and kernel in the words of the wire.

extension Failure.Reason {
    var wire: DeviceReason {
        switch self {
        case .none: .none
        case .backingMissing: .backingMissing
        case .backingChanged: .backingChanged
        case .backingError: .backingError
        case .crashLoop: .crashLoop
        case .poison: .poison
        case .unkillable: .unkillable
        case .recoveryBlocked: .recoveryBlocked
        case .kernelUnrecoverable: .kernelUnrecoverable
        case .idTaken: .idTaken
        case .noWorkerUser: .noWorkerUser
        case .controlWedged: .controlWedged
        case .reloadPending: .reloadPending
        case .operatorAsked: .operator
        }
    }
}

extension DevicePolicy.RecoveryCause {
    var wire: StatusWire.RecoveryCause {
        switch self {
        case .death(.exited(let code)): .exit(code)
        case .death(.signalled(let number)): .signal(number)
        case .death(.unknown): .unknown
        case .stall: .stall
        case .threadEnded: .threadEnded
        case .backend: .backend
        case .operatorAsked: .operator
        case .upgrade: .upgrade
        }
    }
}

extension BlockABI.KernelState {
    var wire: StatusWire.KernelState? { StatusWire.KernelState(rawValue: name) }
}

extension Instant {
    static var now: Instant { Instant(nanoseconds: Clock.monotonic()) }

    var seconds: Double { Double(nanoseconds) / 1e9 }
}

extension Timestamp {
    static var now: Timestamp {
        let nanoseconds = Clock.realtime()
        return Timestamp(
            seconds: Int64(nanoseconds / 1_000_000_000), nanoseconds: Int64(nanoseconds % 1_000_000_000))
    }
}

extension QueueStatus {
    /// `verdict`: what the looks at it say of its thread.
    func wireState(_ verdict: StallWatch.Verdict) -> StatusWire.QueueState {
        switch state {
        case .recovering: .recovering
        case .failed, .ended, .absent, nil: .failed
        case .prepared, .serving:
            switch verdict {
            case .serving: .serving
            case .slow: .slow
            case .stalled: .stalled
            }
        }
    }

    /// The newest failure, without anything that only an administrator may read.
    var lastError: String? {
        failures.last.map {
            let operation = IOOperation(rawValue: UInt8(truncatingIfNeeded: $0.operation))
            return "\(RequestKey(operation, sector: $0.sector)): \(Errno(0 &- $0.result))"
        }
    }
}

extension Device {
    /// A message for everybody: paths of backends are for administrators.
    func publicMessage(_ message: String) -> String {
        guard case .file(let path) = configuration.target else { return message }
        return message.replacing(path, with: "its backend")
    }
}

extension Holder {
    init(_ user: DiskUser) {
        switch user {
        case .mount(let path): self.init(kind: .mount, path: path)
        case .swap: self.init(kind: .swap)
        case .device(let name): self.init(kind: .device, name: name)
        case .process(let pid, let name): self.init(kind: .process, name: name, pid: Int(pid))
        case .unknown: self.init(kind: .unknown)
        }
    }
}
