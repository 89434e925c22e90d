extension WireError: Codable {
    private enum Key: String, CodingKey {
        case error, parameters
    }

    private enum Parameter: String, CodingKey {
        case name, holders, problems, reason, message, interface, method, parameter
    }

    public init(from decoder: any Decoder) throws {
        let reply = try decoder.container(keyedBy: Key.self)
        let name = try reply.decode(String.self, forKey: .error)
        guard reply.contains(.parameters), try !reply.decodeNil(forKey: .parameters) else {
            let bare: [WireError] = [.permissionDenied, .expectedMore]
            self = bare.first { $0.name == name } ?? .unknown(name: name)
            return
        }
        let fields = try reply.nestedContainer(keyedBy: Parameter.self, forKey: .parameters)
        func text(_ key: Parameter) throws -> String { try fields.decode(String.self, forKey: key) }
        func device() throws -> String? { try fields.decodeIfPresent(String.self, forKey: .name) }

        switch name {
        case "org.ublkd.NoSuchDevice": self = .noSuchDevice(name: try text(.name))
        case "org.ublkd.Busy":
            self = .busy(
                name: try text(.name), holders: try fields.decode([Holder].self, forKey: .holders))
        case "org.ublkd.ConfigInvalid":
            self = .configInvalid(problems: try fields.decode([Problem].self, forKey: .problems))
        case "org.ublkd.Refused": self = .refused(name: try device(), reason: try text(.reason))
        case "org.ublkd.Timeout": self = .timeout(name: try device())
        case "org.ublkd.Failed": self = .failed(name: try device(), message: try text(.message))
        case "org.varlink.service.InterfaceNotFound":
            self = .interfaceNotFound(interface: try text(.interface))
        case "org.varlink.service.MethodNotFound": self = .methodNotFound(method: try text(.method))
        case "org.varlink.service.MethodNotImplemented":
            self = .methodNotImplemented(method: try text(.method))
        case "org.varlink.service.InvalidParameter":
            self = .invalidParameter(parameter: try text(.parameter))
        case "org.varlink.service.PermissionDenied": self = .permissionDenied
        case "org.varlink.service.ExpectedMore": self = .expectedMore
        default: self = .unknown(name: name)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var reply = encoder.container(keyedBy: Key.self)
        try reply.encode(name, forKey: .error)
        var fields = reply.nestedContainer(keyedBy: Parameter.self, forKey: .parameters)
        switch self {
        case .noSuchDevice(let name):
            try fields.encode(name, forKey: .name)
        case .busy(let name, let holders):
            try fields.encode(name, forKey: .name)
            try fields.encode(holders, forKey: .holders)
        case .configInvalid(let problems):
            try fields.encode(problems, forKey: .problems)
        case .refused(let name, let reason):
            try fields.encodeIfPresent(name, forKey: .name)
            try fields.encode(reason, forKey: .reason)
        case .timeout(let name):
            try fields.encodeIfPresent(name, forKey: .name)
        case .failed(let name, let message):
            try fields.encodeIfPresent(name, forKey: .name)
            try fields.encode(message, forKey: .message)
        case .interfaceNotFound(let interface):
            try fields.encode(interface, forKey: .interface)
        case .methodNotFound(let method), .methodNotImplemented(let method):
            try fields.encode(method, forKey: .method)
        case .invalidParameter(let parameter):
            try fields.encode(parameter, forKey: .parameter)
        case .permissionDenied, .expectedMore, .unknown:
            break
        }
    }

    /// The reply as a server sends it, with its closing NUL.
    public func encoded() -> [UInt8] {
        // Strings and integers only: there is nothing in an error that JSON cannot hold.
        let text = (try? JSONText.bytes(of: self)) ?? []
        return text + [0]
    }
}
