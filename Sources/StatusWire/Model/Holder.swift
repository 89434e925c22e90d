/// Who keeps a block device in use.
public struct Holder: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Mounted; `path` is the mount point.
        case mount
        /// Swap space.
        case swap
        /// Open in a process; `pid`, and `name` is its command.
        case process
        /// Under another block device; `name` is that one's (`dm-0`).
        case device
        /// Open, and nobody could be found who has it so.
        case unknown
    }

    public var kind: Kind
    public var name: String?
    public var pid: Int?
    public var path: String?

    public init(kind: Kind, name: String? = nil, pid: Int? = nil, path: String? = nil) {
        self.kind = kind
        self.name = name
        self.pid = pid
        self.path = path
    }
}
