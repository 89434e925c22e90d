/// What a reload would do with one device. Devices that do not differ are not listed.
public struct PlannedChange: Codable, Sendable, Equatable {
    public var name: String
    public var changeClass: ReloadOutcome.Class
    /// `none`: it would stay as it is; `reason` says why.
    public var action: ReloadOutcome.Action
    /// The keys that differ, and what stands in the way; empty when there is nothing to add.
    public var reason: String
    /// Who holds it, where that is what stands in the way.
    public var holders: [Holder]?

    public init(
        name: String, changeClass: ReloadOutcome.Class, action: ReloadOutcome.Action, reason: String = "",
        holders: [Holder]? = nil
    ) {
        self.name = name
        self.changeClass = changeClass
        self.action = action
        self.reason = reason
        self.holders = holders
    }

    private enum CodingKeys: String, CodingKey {
        case name, action, reason, holders
        case changeClass = "class"
    }
}
