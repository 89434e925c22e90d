/// The flags of a Varlink call.
public struct CallFlags: Sendable, Equatable {
    /// The caller takes several replies.
    public var more: Bool
    /// The caller wants no reply, not even an error.
    public var oneway: Bool
    /// The caller wants the connection for another protocol; nothing of ours does that.
    public var upgrade: Bool

    public init(more: Bool = false, oneway: Bool = false, upgrade: Bool = false) {
        self.more = more
        self.oneway = oneway
        self.upgrade = upgrade
    }

    /// The caller reads replies until there are no more.
    public var takesSeveral: Bool { more && !oneway }
}
