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
        let fields = line[line.index(after: close)...].split(whereSeparator: { $0 == 0x20 || $0 == 0x0a })
        // Numbered as in the manual page.
        func field(_ number: Int) -> String? {
            number - 3 < fields.count ? String(decoding: fields[number - 3], as: UTF8.self) : nil
        }
        guard let state = field(3)?.first, let parent = field(4).flatMap({ Int32($0) }),
            let start = field(22).flatMap({ UInt64($0) })
        else { return nil }
        self.state = state
        self.parent = parent
        startTime = start
        waitStatus = field(52).flatMap { Int32($0) }
    }
}

/// The kernel's name for this boot of the host: what was written under another one is about other processes.
public func bootID() throws(Errno) -> String { try SmallFile.text(path: "/proc/sys/kernel/random/boot_id") }
