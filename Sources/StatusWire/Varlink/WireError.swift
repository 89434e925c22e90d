/// An error reply: those of `org.ublkd` and the general ones of `org.varlink.service`.
public enum WireError: Error, Sendable, Equatable {
    case noSuchDevice(name: String)
    case busy(name: String, holders: [Holder])
    case configInvalid(problems: [Problem])
    /// Not begun, for a reason that lies in the request or the device's state.
    case refused(name: String?, reason: String)
    case timeout(name: String?)
    /// Begun, and it failed.
    case failed(name: String?, message: String)

    case interfaceNotFound(interface: String)
    case methodNotFound(method: String)
    case methodNotImplemented(method: String)
    case invalidParameter(parameter: String)
    case permissionDenied
    /// The method has several replies and was called without `more`.
    case expectedMore

    /// Met by clients only: an error of a newer ublkd.
    case unknown(name: String)

    /// The full name that goes over the wire.
    public var name: String {
        switch self {
        case .noSuchDevice: "org.ublkd.NoSuchDevice"
        case .busy: "org.ublkd.Busy"
        case .configInvalid: "org.ublkd.ConfigInvalid"
        case .refused: "org.ublkd.Refused"
        case .timeout: "org.ublkd.Timeout"
        case .failed: "org.ublkd.Failed"
        case .interfaceNotFound: "org.varlink.service.InterfaceNotFound"
        case .methodNotFound: "org.varlink.service.MethodNotFound"
        case .methodNotImplemented: "org.varlink.service.MethodNotImplemented"
        case .invalidParameter: "org.varlink.service.InvalidParameter"
        case .permissionDenied: "org.varlink.service.PermissionDenied"
        case .expectedMore: "org.varlink.service.ExpectedMore"
        case .unknown(let name): name
        }
    }
}
