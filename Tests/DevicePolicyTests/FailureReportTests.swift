import DevicePolicy
import Testing

/// Requests that fail are told of at once, and no log is filled with them.
struct FailureReportTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private func after(_ milliseconds: UInt64) -> Instant { start.adding(milliseconds: milliseconds) }

    @Test func theFirstFailureIsToldAtOnceAndTheRestOnceAMinute() {
        var report = FailureReport()
        #expect(report.news(total: 0, at: start) == nil)
        #expect(report.news(total: 3, at: after(10)) == 3)
        #expect(report.news(total: 500, at: after(2_000)) == nil)
        #expect(report.news(total: 900, at: after(60_009)) == nil)
        #expect(report.news(total: 900, at: after(60_010)) == 897)
        #expect(report.news(total: 900, at: after(900_000)) == nil)
        #expect(report.news(total: 901, at: after(900_001)) == 1)
    }

    @Test func whatWasKnownBeforeIsNoNews() {
        var report = FailureReport(known: 40)
        #expect(report.news(total: 40, at: start) == nil)
        #expect(report.news(total: 42, at: start) == 2)
    }

    @Test func whatWasToFailIsNoNews() {
        var report = FailureReport()
        report.pass(over: 70)
        #expect(report.news(total: 70, at: start) == nil)
    }

    @Test func aNewDiskCountsFromTheBeginning() {
        var report = FailureReport()
        #expect(report.news(total: 5, at: start) == 5)
        #expect(report.news(total: 2, at: after(60_000)) == 2)
    }
}
