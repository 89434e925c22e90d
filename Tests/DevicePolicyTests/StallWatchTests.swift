import DevicePolicy
import Testing

/// A stall timeout of 8 s, looked at every second.
struct StallWatchTests {
    private final class Looker {
        var watch = StallWatch()
        var now = Instant(nanoseconds: 5_000_000_000)
        let limit: UInt64 = 8_000

        /// One look after `milliseconds`.
        func look(
            _ samples: [QueueSample], disk: Int = 1, after milliseconds: UInt64 = 1_000
        ) -> StallWatch.Finding {
            now = now.adding(milliseconds: milliseconds)
            return watch.look(samples, diskInflight: disk, limit: limit, at: now)
        }

        /// The seconds after which `finding` first came, looking once a second.
        func seconds(until finding: StallWatch.Finding, at most: Int, _ sample: (Int) -> [QueueSample])
            -> Int?
        {
            (1...most).first { look(sample($0)) == finding }
        }
    }

    private static func queue(_ inflight: UInt32, _ completed: UInt64 = 5, answers: Bool = false)
        -> QueueSample
    {
        QueueSample(inflight: inflight, completed: completed, answeredProbe: answers)
    }

    @Test func aDeviceAtRestIsNeverSuspected() {
        let looker = Looker()
        #expect(looker.seconds(until: .probe, at: 60) { _ in [Self.queue(0)] } != nil)
        let idle = Looker()
        for _ in 1...60 { #expect(idle.look([Self.queue(0)], disk: 0) == .fine) }
    }

    @Test func aQueueThatCompletesIsNotProbed() {
        let looker = Looker()
        for second in 1...60 { #expect(looker.look([Self.queue(8, UInt64(second))]) == .fine) }
    }

    @Test func aQuarterWithoutACompletionIsAnsweredByAProbe() {
        let looker = Looker()
        #expect(looker.seconds(until: .probe, at: 60) { _ in [Self.queue(8)] } == 3)
    }

    @Test func aThreadThatAnswersIsSlowAndNeverStalled() {
        let looker = Looker()
        for _ in 1...120 {
            let finding = looker.look([Self.queue(8, answers: true)])
            #expect(finding == .fine || finding == .probe)
        }
        #expect(looker.watch.verdicts == [.slow])
        _ = looker.look([Self.queue(8, 6)])
        #expect(looker.watch.verdicts == [.serving])
    }

    @Test func aThreadWithoutASignOfLifeIsStalledAfterTheLimit() {
        let looker = Looker()
        #expect(
            looker.seconds(until: .stalled([1]), at: 60) { [Self.queue(8, UInt64($0)), Self.queue(8)] } == 9)
        #expect(looker.watch.verdicts == [.serving, .stalled])
    }

    /// The kernel gave it requests that it never took: its own count stays at 0.
    @Test func aThreadThatTakesNothingIsStalledToo() {
        let looker = Looker()
        #expect(looker.seconds(until: .stalled([0]), at: 60) { _ in [Self.queue(0)] } == 9)
    }

    @Test func whoStopsForAWhileIsForgiven() {
        let looker = Looker()
        for round in 1...20 {
            for _ in 1...6 { #expect(looker.look([Self.queue(8, UInt64(round))]) != .stalled([0])) }
        }
    }

    @Test func whoWasAwayBlamesNobody() {
        let looker = Looker()
        for _ in 1...7 { _ = looker.look([Self.queue(8)]) }
        #expect(looker.look([Self.queue(8)], after: 60_000) == .fine)
        #expect(looker.seconds(until: .stalled([0]), at: 60) { _ in [Self.queue(8)] } == 2)
    }

    @Test(arguments: [(10, 20), (800, 100), (8_000, 1_000), (600_000, 1_000)] as [(UInt64, UInt64)])
    func looksAreFrequentEnough(limit: UInt64, interval: UInt64) {
        #expect(StallWatch.interval(limit) == interval)
    }
}
