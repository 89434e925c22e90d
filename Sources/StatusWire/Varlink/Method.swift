/// The methods there are, by their full names.
public enum Method: String, Sendable, CaseIterable {
    case getInfo = "org.varlink.service.GetInfo"
    case getInterfaceDescription = "org.varlink.service.GetInterfaceDescription"
    case status = "org.ublkd.Status"
    case list = "org.ublkd.List"
    case show = "org.ublkd.Show"
    case reload = "org.ublkd.Reload"
    case start = "org.ublkd.Start"
    case stop = "org.ublkd.Stop"
    case recover = "org.ublkd.Recover"
    case restart = "org.ublkd.Restart"
    case upgrade = "org.ublkd.Upgrade"
    case plan = "org.ublkd.Plan"
    case subscribe = "org.ublkd.Subscribe"
    case cleanup = "org.ublkd.Cleanup"

    public var accessRequired: Access {
        switch self {
        case .getInfo, .getInterfaceDescription, .status, .list: .everybody
        case .show, .reload, .start, .stop, .recover, .restart, .upgrade, .plan, .subscribe, .cleanup: .admin
        }
    }

    /// Whether it can change anything: such calls are logged with their caller.
    public var changes: Bool {
        switch self {
        case .getInfo, .getInterfaceDescription, .status, .list, .show, .plan, .subscribe: false
        case .reload, .start, .stop, .recover, .restart, .upgrade, .cleanup: true
        }
    }

    /// Whether it has replies without end, so that a caller must say that he takes several (`more`).
    public var needsMore: Bool { self == .subscribe }
}
