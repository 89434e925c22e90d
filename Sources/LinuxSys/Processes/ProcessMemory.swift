/// Memory of a process (`/proc/PID/status`), bytes.
public struct ProcessMemory: Equatable, Sendable {
    public let resident: UInt64
    public let locked: UInt64

    /// Nil: there is no such process.
    public init?(of pid: Int32) {
        guard let bytes = try? SmallFile.read(path: "/proc/\(pid)/status") else { return nil }
        var resident: UInt64 = 0
        var locked: UInt64 = 0
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, let kibibytes = UInt64(words[1]) else { continue }
            if words[0] == "VmRSS:" { resident = kibibytes * 1024 }
            if words[0] == "VmLck:" { locked = kibibytes * 1024 }
        }
        self.resident = resident
        self.locked = locked
    }
}
