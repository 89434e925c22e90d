import StatusWire
import Testing

@testable import ublkd

@Suite("Entries of the journal") struct EventKindTests {
    /// A program that waits for one must not meet another.
    @Test func everyKindOfEventHasAnIdentifierOfItsOwn() {
        let ids = EventRecord.Kind.allCases.filter { $0 != .gap }.map(\.messageID)
        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(id?.count == 32)
            #expect(id?.allSatisfy { $0.isHexDigit && !$0.isUppercase } == true)
        }
    }
}
