import StatusWire
import Testing

@testable import ublkd

@Suite("The ring of events and its followers")
struct EventLogTests {
    private let now = Timestamp(seconds: 1_785_587_696)
    private final class Reader { var lists: [[EventRecord]] = [] }

    private func filled(_ count: Int, capacity: Int = 4) -> EventLog {
        let log = EventLog(capacity: capacity)
        for number in 0..<count { append(to: log, "event \(number + 1)") }
        return log
    }

    private func append(to log: EventLog, _ message: String) {
        log.append(EventDraft(.live, message), device: "data", at: now)
    }

    @Test("Numbers count from 1; the ring keeps the newest, in order", arguments: [0, 1, 3, 4, 5, 8, 11])
    func ring(count: Int) {
        let log = filled(count)
        let kept = log.events(after: 0, now: now).filter { $0.kind != .gap }
        #expect(log.newest == UInt64(count))
        #expect(kept.map(\.seq) == (0..<count).suffix(4).map { UInt64($0) + 1 })
        #expect(kept.allSatisfy { $0.message == "event \($0.seq)" && $0.device == "data" && $0.time == now })
    }

    @Test(
        "since: what came after it, and a gap where some of that is lost",
        arguments: [
            (0, [2, 3, 4, 5, 6], 2), (1, [2, 3, 4, 5, 6], 1), (2, [3, 4, 5, 6], nil), (5, [6], nil),
            (6, [], nil),
        ] as [(UInt64, [UInt64], UInt64?)])
    func since(since: UInt64, numbers: [UInt64], lost: UInt64?) {
        let events = filled(6).events(after: since, now: now)
        #expect(events.map(\.seq) == numbers)
        #expect((events.first?.kind == .gap) == (lost != nil))
        #expect(events.first?.lost == lost)
        #expect(events.dropFirst().allSatisfy { $0.kind != .gap })
    }

    @Test("A number of another life: a gap that nobody can count, and everything that is kept")
    func otherLife() {
        let events = filled(2).events(after: 700, now: now)
        #expect(events.map(\.kind) == [.gap, .live, .live] && events.map(\.seq) == [0, 1, 2])
        #expect(events[0].lost == nil && events[0].device == nil)
        #expect(filled(0).events(after: 1, now: now).map(\.kind) == [.gap])
        #expect(filled(9).events(after: .max, now: now).map(\.seq) == [5, 6, 7, 8, 9])
    }

    @Test("A follower hears what was kept, then each event once, when it is delivered")
    func follow() {
        let log = filled(2)
        let first = Reader()
        let second = Reader()
        log.follow(first, since: 1, now: now) { first.lists.append($0) }
        append(to: log, "three")
        #expect(first.lists.map { $0.map(\.seq) } == [[2]])
        // Who comes between an event and its delivery hears it once, too.
        log.follow(second, since: 0, now: now) { second.lists.append($0) }
        log.deliver()
        append(to: log, "four")
        append(to: log, "five")
        log.deliver()
        #expect(first.lists.map { $0.map(\.seq) } == [[2], [3], [4, 5]])
        #expect(second.lists.map { $0.map(\.seq) } == [[1, 2, 3], [4, 5]])
        log.unfollow(first)
        append(to: log, "six")
        log.deliver()
        #expect(first.lists.count == 3 && second.lists.count == 3)
    }

    @Test("Without since a follower hears nothing of the past, but that it is heard")
    func fromNowOn() {
        let log = filled(3)
        let reader = Reader()
        log.follow(reader, since: nil, now: now) { reader.lists.append($0) }
        append(to: log, "four")
        log.deliver()
        #expect(reader.lists.map { $0.map(\.seq) } == [[], [4]])
    }

    @Test("A follower that leaves while it is told")
    func leaving() {
        let log = filled(0)
        let reader = Reader()
        log.follow(reader, since: nil, now: now) {
            reader.lists.append($0)
            log.unfollow(reader)
        }
        append(to: log, "one")
        log.deliver()
        #expect(reader.lists.count == 1 || reader.lists.count == 2)
    }

    @Test("The whole log fits what a client may leave unread")
    func size() {
        let log = filled(0, capacity: EventLog.capacity)
        for _ in 0..<(EventLog.capacity + 1) { append(to: log, String(repeating: "ä", count: 5000)) }
        let events = log.events(after: 0, now: now)
        #expect(events.count == EventLog.capacity + 1)
        #expect(events[1].message.count == EventLog.messageLimit + 1)
        #expect(Response.events(events).encoded(for: .admin, continues: true).count < 2 << 20)
    }
}
