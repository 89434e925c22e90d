import DevicePolicy
import LinuxSys

/// How far the shutdown of the host has come: which device may be stopped when.
struct HostShutdown {
    /// How a disk is used.
    enum Use: Equatable {
        case none
        /// By block devices on top that nobody uses: nobody will take them down any more.
        case idle
        case used
    }

    /// Milliseconds for which a disk must have been idle.
    static let idleTime: UInt64 = 2_000
    /// Milliseconds that file systems get to write out before their disk is taken away.
    static let syncTime: UInt64 = 3_000
    /// Milliseconds that a deletion gets: without an opener it takes a few.
    static let deletionTime: UInt64 = 1_000
    /// Milliseconds for the last stops.
    static let endTime: UInt64 = 10_000

    let began: Instant
    /// Milliseconds.
    let grace: UInt64
    private var idleSince: [String: Instant] = [:]
    private var deletingSince: Instant?
    /// When each orphan was last asked to go.
    private var tried: [UInt32: Instant] = [:]
    /// What file systems had not written out is given up.
    var isForced = false

    init(began: Instant, grace: UInt64) {
        self.began = began
        self.grace = grace
    }

    /// Notes how disk `name` is used; true: nobody will miss it, though a device on top holds it.
    mutating func isIdle(_ name: String, _ use: Use, at now: Instant) -> Bool {
        guard use == .idle else {
            idleSince[name] = nil
            return false
        }
        let since = idleSince[name] ?? now
        idleSince[name] = since
        return now.milliseconds(since: since) >= Self.idleTime
    }

    /// An orphan that nobody is seen to use may still be refused by the kernel, which knows more: it is asked now and then.
    mutating func mayTry(_ orphan: UInt32, at now: Instant) -> Bool {
        if let last = tried[orphan], now.milliseconds(since: last) < Self.idleTime { return false }
        tried[orphan] = now
        return true
    }

    /// `onlyDeletions`: of every device only its number is left, which goes at the last close. That may be the end of the
    /// host itself, so it is not waited for.
    mutating func isDone(_ onlyDeletions: Bool, at now: Instant) -> Bool {
        deletingSince = onlyDeletions ? deletingSince ?? now : nil
        return deletingSince.map { now.milliseconds(since: $0) >= Self.deletionTime } ?? false
    }

    func isGraceOver(at now: Instant) -> Bool { now.milliseconds(since: began) >= grace }

    /// Whatever is left is left to the kernel.
    func isOver(at now: Instant) -> Bool {
        now.milliseconds(since: began) >= grace + Self.syncTime + Self.endTime
    }

    /// `users`: of a disk by its name; asked again for block devices on top.
    static func use(of disk: String, depth: Int = 0, users: (String) -> [DiskUser]) -> Use {
        let found = users(disk)
        guard !found.isEmpty else { return .none }
        // Deeper stacks than this there are none.
        guard depth < 8 else { return .used }
        for user in found {
            guard case .device(let name) = user else { return .used }
            if use(of: name, depth: depth + 1, users: users) == .used { return .used }
        }
        return .idle
    }
}
