internal import BlockABI
internal import CSystemd

/// Structured entries for the journal, in its native protocol (systemd's JOURNAL_NATIVE_PROTOCOL).
///
/// Nothing here waits: sd_journal_sendv(3) does when the journal does not read, and the journal may lie on a disk that
/// waits for this process. What it does not take is counted, and told once it reads again.
public final class Journal {
    private let socket: Int32
    private let path: String
    private var dropped = 0

    /// Bytes of one field; what is longer is cut off.
    private static let longest = 16 * 1024

    /// `path`: where the journal listens.
    public init(path: String = "/run/systemd/journal/socket") {
        self.path = path
        socket = cs_datagram_socket()
    }

    deinit { if socket >= 0 { _ = close(socket) } }

    /// Standard error is a stream to the journal: this process is a service (systemd.exec(5), JOURNAL_STREAM).
    public static var isStandardError: Bool {
        guard let text = getenv("JOURNAL_STREAM") else { return false }
        let parts = String(cString: text).split(separator: ":")
        guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
            return false
        }
        var status = stat()
        return fstat(2, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }

    /// `priority`: syslog's numbers, 3 error to 7 debug. `fields`: names in capitals.
    public func send(priority: Int, message: String, fields: [String: String]) {
        if dropped > 0 {
            let text = "\(dropped) entries were left out, as the journal did not read"
            let identifier = fields["SYSLOG_IDENTIFIER"].map { ["SYSLOG_IDENTIFIER": $0] } ?? [:]
            guard deliver(Self.entry(priority: 4, text, identifier)) else { return dropped += 1 }
            dropped = 0
        }
        if !deliver(Self.entry(priority: priority, message, fields)) { dropped += 1 }
    }

    private static func entry(priority: Int, _ message: String, _ fields: [String: String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in [("MESSAGE", message), ("PRIORITY", "\(priority)")] + fields.map({ ($0, $1) }) {
            let value = Array(value.utf8.prefix(longest))
            bytes += Array(name.utf8)
            if value.contains(0x0a) {
                // A value with line breaks says its length first, in 8 bytes, the lowest first.
                bytes.append(0x0a)
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: UInt64(value.count) >> ($0 * 8)) }
            } else {
                bytes.append(0x3d)
            }
            bytes += value
            bytes.append(0x0a)
        }
        return bytes
    }

    /// True also where there is nobody to whom it could be told.
    private func deliver(_ entry: [UInt8]) -> Bool {
        guard socket >= 0 else { return true }
        let result = Errno(-cs_send_datagram(socket, path, entry, entry.count))
        return result != .tryAgain && result != .noBuffers
    }
}
