import StatusWire

/// What happened in this life of ublkd, newest last: a ring of the last events, and those who follow it.
///
/// An event is kept at once and told to its followers by `deliver`, so that nothing which somebody waits for
/// waits for a slow reader.
final class EventLog {
    typealias Follower = ([EventRecord]) -> Void

    /// Events that are kept.
    static var capacity: Int { 1024 }
    /// Characters of a message that are kept, so that the whole ring fits what a client may leave unread.
    static var messageLimit: Int { 400 }

    private let capacity: Int
    /// Ascending by number; once full, the oldest is at `oldest`.
    private var ring: [EventRecord] = []
    private var oldest = 0
    private var followers: [ObjectIdentifier: Follower] = [:]
    private var untold: [EventRecord] = []
    /// Number of the newest event; 0: there is none yet.
    private(set) var newest: UInt64 = 0

    init(capacity: Int = EventLog.capacity) {
        self.capacity = max(1, capacity)
    }

    func append(_ draft: EventDraft, device: String?, at time: Timestamp) {
        newest += 1
        var message = draft.message
        if message.count > Self.messageLimit { message = message.prefix(Self.messageLimit) + "…" }
        let record = EventRecord(
            seq: newest, time: time, device: device, kind: draft.kind, message: message, cause: draft.cause,
            scope: draft.cause == nil ? nil : .worker, downtimeSeconds: draft.downtimeSeconds)
        if ring.count < capacity {
            ring.append(record)
        } else {
            ring[oldest] = record
            oldest = (oldest + 1) % capacity
        }
        if !followers.isEmpty { untold.append(record) }
    }

    /// The events after number `since`, oldest first. Where some of them are not kept any more, or the number
    /// is of another life of ublkd, the first one is a `gap`.
    func events(after since: UInt64, now: Timestamp) -> [EventRecord] {
        let kept = Array(ring[oldest...] + ring[..<oldest])
        guard since <= newest else {
            let gap = EventRecord(
                seq: kept.first.map { $0.seq - 1 } ?? 0, time: now, kind: .gap,
                message: "event \(since) is of another life of ublkd: what happened in between is not known")
            return [gap] + kept
        }
        guard let first = kept.first, since + 1 < first.seq else { return kept.filter { $0.seq > since } }
        let lost = first.seq - 1 - since
        let gap = EventRecord(
            seq: first.seq - 1, time: now, kind: .gap,
            message: "\(lost) earlier \(lost == 1 ? "event is" : "events are") not kept any more", lost: lost)
        return [gap] + kept
    }

    /// Calls `tell` with the events after number `since` now (an empty list for nil, or when there are none),
    /// and with new ones whenever they are delivered.
    func follow(_ reader: AnyObject, since: UInt64?, now: Timestamp, tell: @escaping Follower) {
        // What the others are yet to hear is in its first list already.
        deliver()
        followers[ObjectIdentifier(reader)] = tell
        tell(since.map { events(after: $0, now: now) } ?? [])
    }

    func unfollow(_ reader: AnyObject) { followers[ObjectIdentifier(reader)] = nil }

    func deliver() {
        guard !untold.isEmpty else { return }
        let news = untold
        untold = []
        for tell in Array(followers.values) { tell(news) }
    }
}
