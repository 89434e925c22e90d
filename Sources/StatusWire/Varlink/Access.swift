/// What a caller may do. The socket's peer credentials decide it: root and members of group `ublkd` are
/// administrators.
public enum Access: Int, Sendable, Comparable {
    case everybody
    case admin

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
