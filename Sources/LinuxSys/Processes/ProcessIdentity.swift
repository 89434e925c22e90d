public import BlockABI

/// One process for as long as the host runs: its number may come again, its number and start time not.
public struct ProcessIdentity: Hashable, Sendable {
    public let pid: Int32
    /// Clock ticks between the host's boot and the start of the process (`/proc/PID/stat`, field 22).
    public let startTime: UInt64

    public init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// The process that has this number now. ENOENT or ESRCH: there is none.
    public init(of pid: Int32) throws(Errno) {
        let stat = try SmallFile.read(path: "/proc/\(pid)/stat")
        guard let fields = ProcessStat(stat) else { throw .protocolError }
        self.init(pid: pid, startTime: fields.startTime)
    }

    /// A pidfd of exactly this process. ESRCH: it is gone, or its number belongs to another one now.
    public func open() throws(Errno) -> Fd {
        let pidfd = try Pidfd.open(pid)
        // Read after opening: what the pidfd holds is what has this start time.
        let now: ProcessIdentity
        do { now = try ProcessIdentity(of: pid) } catch { throw .noSuchProcess }
        guard now == self else { throw .noSuchProcess }
        return pidfd
    }
}

/// The fields of `/proc/PID/stat` that ublkd looks at.
public struct ProcessStat: Equatable, Sendable {
    /// The program's name; it may hold blanks and parentheses.
    public let name: String
    /// `R`, `S`, `D`, `Z`, `T`, …
    public let state: Character
    public let parent: Int32
    public let startTime: UInt64
    /// How it ended (the status word of wait(2)); 0 while it runs and for who may not trace it.
    let waitStatus: Int32?

    /// Nil for anything that is not such a line.
    public init?(_ line: [UInt8]) {
        // The name stands in parentheses and is the only field that may contain them: the last one closes it.
        guard let open = line.firstIndex(of: 0x28), let close = line.lastIndex(of: 0x29), open < close else {
            return nil
        }
        name = String(decoding: line[line.index(after: open)..<close], as: UTF8.self)
        let rest = line[line.index(after: close)...]
            .split(whereSeparator: { $0 == 0x20 || $0 == 0x0a })
            .map { String(decoding: $0, as: UTF8.self) }
        // rest[0] is field 3 of the manual page.
        guard rest.count > 19, let state = rest[0].first, let parent = Int32(rest[1]),
            let start = UInt64(rest[19])
        else { return nil }
        self.state = state
        self.parent = parent
        startTime = start
        waitStatus = rest.count > 49 ? Int32(rest[49]) : nil
    }
}

/// The kernel's name for this boot of the host: what was written under another one is about other processes.
public func bootID() throws(Errno) -> String { try SmallFile.text(path: "/proc/sys/kernel/random/boot_id") }
