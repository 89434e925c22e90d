import DevicePolicy
import Testing

/// Each event in each situation. A row says what is done and what a user sees afterwards; an event without a
/// row must do nothing at all there, and leave the machine as it is.
struct EventTableTests {
    @Test(arguments: Situation.allCases)
    func events(situation: Situation) throws {
        let rows = try #require(EventTable.rows[situation], "no table for \(situation)")
        var unused = Set(rows.keys)
        for arrival in Arrival.allCases {
            let bench = situation.bench
            let own = bench.serving
            let before = bench.machine.portrait
            guard let event = arrival.event(for: bench) else { continue }
            let effects = bench.machine.handle(event, at: bench.now)
            let after = bench.machine
            if let row = rows[arrival.rawValue] {
                unused.remove(arrival.rawValue)
                let said = [effects.words(own: own), "→", after.visible.words]
                #expect(said.filter { !$0.isEmpty }.joined(separator: " ") == row, "\(arrival)")
            } else if !effects.allSatisfy(\.onlyDisarms) || after.portrait != before {
                let said = [effects.words(own: own), "→", after.visible.words].filter { !$0.isEmpty }
                Issue.record("\(arrival): \(said.joined(separator: " "))")
            }
        }
        #expect(unused.isEmpty, "rows for events that cannot come")
    }
}

extension DeviceEffect {
    /// To disarm a timer that is not armed is nothing.
    fileprivate var onlyDisarms: Bool { if case .disarm = self { true } else { false } }
}

extension DeviceMachine {
    /// Everything of it that lasts.
    fileprivate var portrait: String { "\(phase) \(visible) \(removalPending) \(recoveries) \(attempted)" }
}
