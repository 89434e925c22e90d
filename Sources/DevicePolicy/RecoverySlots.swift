/// At most `limit` recoveries at the same time on this host; the others wait in the order they asked.
public struct RecoverySlots: Sendable {
    public private(set) var limit: Int
    private var active: Set<String> = []
    private var waiting: [String] = []

    public init(limit: Int) { self.limit = limit }

    /// More devices are to be recovered than may be at once.
    public var hasWaiting: Bool { !waiting.isEmpty }

    /// True: go on now. False: `release` of another device will name this one.
    public mutating func request(_ device: String) -> Bool {
        if active.contains(device) { return true }
        if active.count < limit {
            active.insert(device)
            return true
        }
        if !waiting.contains(device) { waiting.append(device) }
        return false
    }

    /// Returns the devices whose turn it is now.
    public mutating func release(_ device: String) -> [String] {
        waiting.removeAll { $0 == device }
        active.remove(device)
        return fill()
    }

    public mutating func setLimit(_ limit: Int) -> [String] {
        self.limit = limit
        return fill()
    }

    private mutating func fill() -> [String] {
        var next: [String] = []
        while active.count < limit, !waiting.isEmpty {
            let device = waiting.removeFirst()
            active.insert(device)
            next.append(device)
        }
        return next
    }
}
