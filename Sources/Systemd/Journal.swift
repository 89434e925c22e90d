internal import CSystemd

/// Structured entries for the journal (sd_journal_sendv(3)).
public enum Journal {
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

    /// `priority`: syslog's numbers, 3 error to 7 debug.
    public static func send(priority: Int, message: String, fields: [String: String]) {
        var lines = ["MESSAGE=\(message)", "PRIORITY=\(priority)"]
        for (name, value) in fields { lines.append("\(name)=\(value)") }
        let bytes = lines.map { Array($0.utf8) }
        // One buffer for all fields keeps every address valid during the call.
        var joined = bytes.flatMap { $0 }
        joined.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var vectors: [iovec] = []
            var at = 0
            for line in bytes {
                vectors.append(iovec(iov_base: base + at, iov_len: line.count))
                at += line.count
            }
            sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }
}
