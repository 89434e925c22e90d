/// What a reload did, or could not do, with one device. Devices that do not differ are not listed.
public struct ReloadOutcome: Codable, Sendable, Equatable {
    /// The kind of a difference: what it takes to apply it.
    public enum Class: String, Codable, Sendable, CaseIterable {
        case add
        case remove
        /// Applied without any interruption.
        case live
        /// Applied by a hand-over to a fresh worker: I/O waits, none fails.
        case worker
        /// The disk must be made anew.
        case recreate
    }

    public enum Action: String, Codable, Sendable, CaseIterable {
        /// A new device is made and started.
        case start
        /// A new device is known, and not started (`autostart = false`).
        case register
        case stop
        /// Settings are changed under the running device.
        case apply
        /// A fresh worker takes over.
        case handOver = "hand-over"
        case recreate
        case none
    }

    public enum Outcome: String, Codable, Sendable, CaseIterable {
        case done
        /// Begun; `List` tells how it goes on.
        case accepted
        /// Waits for the last close, or for `--recreate`.
        case pending
        case refused
        case failed
    }

    public var name: String
    public var changeClass: Class
    public var action: Action
    public var outcome: Outcome
    /// Why, in a sentence; empty when there is nothing to add.
    public var reason: String
    /// Who holds it, where that is why.
    public var holders: [Holder]?

    public init(
        name: String, changeClass: Class, action: Action, outcome: Outcome, reason: String = "",
        holders: [Holder]? = nil
    ) {
        self.name = name
        self.changeClass = changeClass
        self.action = action
        self.outcome = outcome
        self.reason = reason
        self.holders = holders
    }

    private enum CodingKeys: String, CodingKey {
        case name, action, outcome, reason, holders
        case changeClass = "class"
    }
}
