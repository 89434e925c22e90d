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
    /// Stop, refused when in use, and start.
    case restart(names: [String])
    /// Each device to a fresh worker, one after the other; all of them when `names` is empty. `force`: also where
    /// the recovery mode lets I/O fail.
    case upgrade(names: [String], force: Bool)
    /// What `reload` would do.
    case plan
    /// Events after this number, then those that happen; nil: those that happen from now on.
    case subscribe(since: UInt64?)
    /// Removes a device that bears our mark and is in no configuration; `dryRun`: only says so.
    case cleanup(name: String, dryRun: Bool)

    public var method: Method {
        switch self {
        case .status: .status
        case .list: .list
        case .show: .show
        case .reload: .reload
        case .start: .start
        case .stop: .stop
        case .recover: .recover
        case .restart: .restart
        case .upgrade: .upgrade
        case .plan: .plan
        case .subscribe: .subscribe
        case .cleanup: .cleanup
        }
    }

    public var accessRequired: Access { method.accessRequired }
}
