import Glibc
import Testing

/// A file that shows whether somebody holds it: one end of a connection, of which the test has the other.
final class LentFile {
    private let end: Int32
    private let lent: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        end = ends[0]
        lent = ends[1]
    }

    deinit { close(end) }

    /// Once: the descriptor is closed after `body`.
    func lend(_ body: (Int32) -> Void) {
        body(lent)
        close(lent)
    }

    var isHeld: Bool { !hangsUp(milliseconds: 0) }
    /// A child that another test starts just now may have it for a moment.
    var isReleased: Bool { hangsUp(milliseconds: 5_000) }

    private func hangsUp(milliseconds: Int32) -> Bool {
        var watched = pollfd(fd: end, events: 0, revents: 0)
        return poll(&watched, 1, milliseconds) == 1
    }
}
