/// The answer to a `Request`.
public enum Response: Sendable, Equatable {
    case status(HostStatus)
    case list([DeviceSummary])
    case show(DeviceDetail)
    case reload([ReloadOutcome])
    case start([DeviceOutcome])
    case stop([DeviceOutcome])
    case recover([DeviceOutcome])

    /// The reply as a server sends it, with its closing NUL. `Status` goes to everybody without what only
    /// administrators may read.
    ///
    /// - Parameters:
    ///   - access: what the caller may do.
    ///   - continues: more replies to this call follow.
    public func encoded(for access: Access, continues: Bool = false) -> [UInt8] {
        switch self {
        case .status(let host):
            encodedReply(access >= .admin ? host : host.forEverybody, continues: continues)
        case .list(let devices): encodedReply(ListReply(devices: devices), continues: continues)
        case .show(let device): encodedReply(ShowReply(device: device), continues: continues)
        case .reload(let outcomes): encodedReply(ReloadReply(outcomes: outcomes), continues: continues)
        case .start(let outcomes), .stop(let outcomes), .recover(let outcomes):
            encodedReply(OutcomesReply(outcomes: outcomes), continues: continues)
        }
    }
}

/// Parameters of the reply to `List`, in name order.
public struct ListReply: Codable, Sendable, Equatable {
    public var devices: [DeviceSummary]
    public init(devices: [DeviceSummary]) { self.devices = devices }
}

/// Parameters of the reply to `Show`.
public struct ShowReply: Codable, Sendable, Equatable {
    public var device: DeviceDetail
    public init(device: DeviceDetail) { self.device = device }
}

/// Parameters of the reply to `Reload`.
public struct ReloadReply: Codable, Sendable, Equatable {
    public var outcomes: [ReloadOutcome]
    public init(outcomes: [ReloadOutcome]) { self.outcomes = outcomes }
}

/// Parameters of the reply to `Start`, `Stop` and `Recover`.
public struct OutcomesReply: Codable, Sendable, Equatable {
    public var outcomes: [DeviceOutcome]
    public init(outcomes: [DeviceOutcome]) { self.outcomes = outcomes }
}

/// One reply that is not an error, closed by its NUL.
func encodedReply(_ parameters: some Encodable, continues: Bool = false) -> [UInt8] {
    do {
        return try JSONText.bytes(of: OutgoingReply(parameters: parameters, continues: continues)) + [0]
    } catch {
        // Only a number that JSON cannot hold (a NaN) gets here. The caller is told, not left waiting.
        return WireError.failed(name: nil, message: "the answer could not be written as JSON: \(error)")
            .encoded()
    }
}

private struct OutgoingReply<Parameters: Encodable>: Encodable {
    let parameters: Parameters
    let continues: Bool

    private enum Key: String, CodingKey {
        case parameters, continues
    }

    func encode(to encoder: any Encoder) throws {
        var reply = encoder.container(keyedBy: Key.self)
        try reply.encode(parameters, forKey: .parameters)
        if continues { try reply.encode(true, forKey: .continues) }
    }
}
