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

/// Parameters of the reply to `Plan`: removals, then the others in the order of the file.
public struct PlanReply: Codable, Sendable, Equatable {
    public var changes: [PlannedChange]
    public init(changes: [PlannedChange]) { self.changes = changes }
}

/// Parameters of each reply to `Subscribe`, oldest first. The first reply comes at once, if need be empty.
public struct EventsReply: Codable, Sendable, Equatable {
    public var events: [EventRecord]
    public init(events: [EventRecord]) { self.events = events }
}

/// Parameters of the reply to `Reload`.
public struct ReloadReply: Codable, Sendable, Equatable {
    public var outcomes: [ReloadOutcome]
    public init(outcomes: [ReloadOutcome]) { self.outcomes = outcomes }
}

/// Parameters of the reply to `Start`, `Stop`, `Restart`, `Recover` and `Upgrade`.
public struct OutcomesReply: Codable, Sendable, Equatable {
    public var outcomes: [DeviceOutcome]
    public init(outcomes: [DeviceOutcome]) { self.outcomes = outcomes }
}

/// Parameters of the reply to `Cleanup`.
public struct CleanupReply: Codable, Sendable, Equatable {
    /// The orphan, as it was before.
    public var device: ForeignDevice
    /// False: a dry run, nothing was done.
    public var removed: Bool
    /// What was done, or would be, in a sentence.
    public var message: String

    public init(device: ForeignDevice, removed: Bool, message: String) {
        self.device = device
        self.removed = removed
        self.message = message
    }
}
