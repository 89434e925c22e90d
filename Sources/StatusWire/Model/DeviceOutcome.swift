/// What became of one device of a Start, Stop, Restart, Recover or Upgrade.
public struct DeviceOutcome: Codable, Sendable, Equatable {
    public enum Outcome: String, Codable, Sendable, CaseIterable {
        /// It is as asked, now.
        case done
        /// It was as asked already; nothing was done.
        case unchanged
        /// Begun; `List` tells how it goes on.
        case accepted
        /// In use; see `holders`.
        case busy
        /// Not begun; see `message`.
        case refused
        /// Begun, and it failed; see `message`.
        case failed
    }

    public var name: String
    public var outcome: Outcome
    /// The device's state when the answer was made.
    public var state: DeviceState
    /// Why, or what is worth knowing, in a sentence.
    public var message: String?
    public var holders: [Holder]?

    public init(
        name: String, outcome: Outcome, state: DeviceState, message: String? = nil, holders: [Holder]? = nil
    ) {
        self.name = name
        self.outcome = outcome
        self.state = state
        self.message = message
        self.holders = holders
    }
}
