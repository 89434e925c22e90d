/// The answer to a `Request`.
public enum Response: Sendable, Equatable {
    case status(HostStatus)
    case list([DeviceSummary])
    case show(DeviceDetail)
    case reload([ReloadOutcome])
    case start([DeviceOutcome])
    case stop([DeviceOutcome])
    case recover([DeviceOutcome])
    case restart([DeviceOutcome])
    case upgrade([DeviceOutcome])
    case plan([PlannedChange])
    case events([EventRecord])
    case cleanup(CleanupReply)

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
        case .start(let outcomes), .stop(let outcomes), .recover(let outcomes), .restart(let outcomes),
            .upgrade(let outcomes):
            encodedReply(OutcomesReply(outcomes: outcomes), continues: continues)
        case .plan(let changes): encodedReply(PlanReply(changes: changes), continues: continues)
        case .events(let events): encodedReply(EventsReply(events: events), continues: continues)
        case .cleanup(let reply): encodedReply(reply, continues: continues)
        }
    }
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
