/// A call to `org.ublkd` with its parameters read and checked.
public enum Request: Sendable, Equatable {
    case status
    /// One device, or all.
    case list(name: String?)
    case show(name: String)
    /// Reads the configuration again; `recreate` names devices that may be made anew for it.
    case reload(recreate: [String])
    case start(names: [String])
    case stop(names: [String], force: Bool)
    /// The whole worker when `queues` is empty, else these queues in place.
    case recover(name: String, queues: [Int])

    public var method: Method {
        switch self {
        case .status: .status
        case .list: .list
        case .show: .show
        case .reload: .reload
        case .start: .start
        case .stop: .stop
        case .recover: .recover
        }
    }

    public var accessRequired: Access { method.accessRequired }
}
