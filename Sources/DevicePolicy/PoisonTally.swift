public import BlockABI

/// Finds the request that kills its workers: one that was with three of them in a row.
///
/// A SIGKILL from outside tells nothing of the requests, so it neither counts nor ends a row.
public struct PoisonTally: Sendable, Equatable {
    private var deaths: [RequestKey: Int] = [:]

    /// Deaths in a row that make a request poison.
    public static var limit: Int { 3 }

    public init() {}

    public mutating func reset() { deaths = [:] }

    /// Records a death with these requests; the one that is poison, if there is one.
    public mutating func died(with requests: Set<RequestKey>) -> RequestKey? {
        var next: [RequestKey: Int] = [:]
        for request in requests { next[request] = (deaths[request] ?? 0) + 1 }
        deaths = next
        return next.filter { $0.value >= Self.limit }.keys.min { $0.rawValue < $1.rawValue }
    }
}
