import DevicePolicy
import Testing

struct DeathTallyTests {
    private let settings = PolicySettings()

    private func at(_ milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func theFirstIsImmediateAndTheNextDoubleUpToTheLimit() {
        var tally = DeathTally()
        let delays = (0..<10).map { tally.died(at: at(UInt64($0) * 10), settings) }
        #expect(delays == [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
    }

    @Test func aVeryLongCrashLoopStaysAtTheLimit() {
        var tally = DeathTally()
        let settings = PolicySettings(restartDelay: UInt64.max / 2, restartDelayMax: 7_000)
        for i in 0..<200 { _ = tally.died(at: at(UInt64(i)), settings) }
        let last = tally.died(at: at(300), settings)
        #expect(last == 7_000)
        #expect(tally.count <= settings.restartBurst + 1, "a crash loop must not use memory without end")
    }

    @Test func serviceStartsTheCountAnew() {
        var tally = DeathTally()
        for i in 0..<6 { _ = tally.died(at: at(UInt64(i)), settings) }
        #expect(tally.isExhausted(settings))
        tally.reset()
        #expect(!tally.isExhausted(settings))
        #expect(tally.count == 0)
        let next = tally.died(at: at(100), settings)
        #expect(next == 0)
    }

    @Test func exactlyTheBurstIsBorne() {
        var tally = DeathTally()
        for i in 0..<5 { _ = tally.died(at: at(UInt64(i)), settings) }
        #expect(!tally.isExhausted(settings))
        _ = tally.died(at: at(6), settings)
        #expect(tally.isExhausted(settings))
    }

    /// The waits of a device that was given up may be longer than the interval in which its deaths were counted.
    @Test func whoWasGivenUpStaysSoUntilItServes() {
        var tally = DeathTally()
        let settings = PolicySettings(restartDelayMax: 600_000)
        for i in 0..<6 { _ = tally.died(at: at(UInt64(i)), settings) }
        _ = tally.died(at: at(300_000), settings)
        #expect(tally.count == 1)
        #expect(tally.isExhausted(settings))
        #expect(!tally.isExhausted(PolicySettings(restartBurst: 50)), "a reload may bear more")
        tally.reset()
        _ = tally.died(at: at(300_001), settings)
        #expect(!tally.isExhausted(settings))
    }

    @Test func deathsOlderThanTheIntervalDoNotCount() {
        var tally = DeathTally()
        for i in 0..<5 { _ = tally.died(at: at(UInt64(i)), settings) }
        _ = tally.died(at: at(60_010), settings)
        #expect(tally.count == 1)
        #expect(!tally.isExhausted(settings))
    }

    @Test func aBurstOfZeroIsExhaustedByTheFirstDeath() {
        var tally = DeathTally()
        let settings = PolicySettings(restartBurst: 0)
        _ = tally.died(at: at(1), settings)
        #expect(tally.isExhausted(settings))
    }

    @Test(arguments: [UInt64(0), 1, 99, 100, 101, 10_000, 86_400_000])
    func jitterStaysWithinTwentyPercent(milliseconds: UInt64) {
        var seen: Set<UInt64> = []
        for random in UInt32(0)..<200 {
            let delay = jittered(milliseconds, random: random)
            #expect(delay >= milliseconds * 79 / 100 && delay <= milliseconds * 121 / 100)
            seen.insert(delay)
        }
        if milliseconds >= 100 { #expect(seen.count > 20, "delays must spread") }
    }
}
