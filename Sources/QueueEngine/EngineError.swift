public import BlockABI

/// Why the engine could not go on. `what` is a sentence without the device's name and without the errno.
public struct EngineError: Error, Equatable, Sendable {
    public enum Kind: Sendable {
        /// The backend is absent.
        case missing
        /// The backend is another one than before, or has another size.
        case changed
        /// The backend is there but cannot be used.
        case unusable
        /// Memory, rings, threads.
        case resources
        /// `/dev/ublkcN`.
        case device
    }

    public let kind: Kind
    public let errno: Errno
    public let what: String

    public init(_ kind: Kind, _ errno: Errno, _ what: String) {
        self.kind = kind
        self.errno = errno
        self.what = what
    }
}

extension Errno {
    static var readOnlyDevice: Errno { Errno(30) }
    static var notADirectory: Errno { Errno(20) }
}
