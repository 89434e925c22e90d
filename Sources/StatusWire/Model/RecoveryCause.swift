/// What made a recovery necessary: `exit:N`, `signal:N`, `stall`, `thread-ended`, `backend`, `operator`, `upgrade`,
/// `unknown`.
public enum RecoveryCause: Sendable, Hashable {
    /// The worker left with this exit code.
    case exit(Int32)
    /// The worker died of this signal.
    case signal(Int32)
    /// A queue thread had I/O in flight and answered nothing, so the worker was killed.
    case stall
    /// A thread of the worker ended.
    case threadEnded
    /// The backend of a queue had to be opened anew.
    case backend
    case `operator`
    case upgrade
    /// It died while no ublkd was its parent: nobody knows how.
    case unknown
}

extension RecoveryCause: RawRepresentable, Codable {
    public var rawValue: String {
        switch self {
        case .exit(let code): "exit:\(code)"
        case .signal(let number): "signal:\(number)"
        case .stall: "stall"
        case .threadEnded: "thread-ended"
        case .backend: "backend"
        case .operator: "operator"
        case .upgrade: "upgrade"
        case .unknown: "unknown"
        }
    }

    public init?(rawValue: String) {
        switch rawValue {
        case "stall": self = .stall
        case "thread-ended": self = .threadEnded
        case "backend": self = .backend
        case "operator": self = .operator
        case "upgrade": self = .upgrade
        case "unknown": self = .unknown
        default:
            let parts = rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int32(parts[1]) else { return nil }
            switch parts[0] {
            case "exit": self = .exit(number)
            case "signal": self = .signal(number)
            default: return nil
            }
        }
    }
}
