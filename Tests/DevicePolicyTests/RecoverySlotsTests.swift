import DevicePolicy
import Testing

/// `#expect` takes no mutating calls.
private final class Host {
    private var slots: RecoverySlots
    init(limit: Int) { slots = RecoverySlots(limit: limit) }
    func request(_ device: String) -> Bool { slots.request(device) }
    func release(_ device: String) -> [String] { slots.release(device) }
    func setLimit(_ limit: Int) -> [String] { slots.setLimit(limit) }
}

struct RecoverySlotsTests {
    @Test func theOthersWaitInTheOrderTheyAsked() {
        let slots = Host(limit: 2)
        #expect(slots.request("a") && slots.request("b"))
        #expect(!slots.request("c") && !slots.request("d"))
        #expect(slots.release("b") == ["c"])
        #expect(slots.release("a") == ["d"])
        #expect(slots.release("c") == [])
    }

    @Test func askingTwiceTakesOnePlace() {
        let slots = Host(limit: 1)
        #expect(slots.request("a") && slots.request("a"))
        #expect(!slots.request("b") && !slots.request("b"))
        #expect(slots.release("a") == ["b"])
        #expect(slots.release("b") == [])
        #expect(slots.request("c"))
    }

    @Test func whoGaveUpWaitingIsNotNamed() {
        let slots = Host(limit: 1)
        _ = slots.request("a")
        _ = slots.request("b")
        _ = slots.request("c")
        #expect(slots.release("b") == [])
        #expect(slots.release("a") == ["c"])
    }

    @Test func releasingWithoutHavingIsHarmless() {
        let slots = Host(limit: 1)
        #expect(slots.release("x") == [])
        #expect(slots.request("a"))
        #expect(slots.release("x") == [])
        #expect(!slots.request("b"))
    }

    @Test func aLargerLimitLetsTheWaitingInAndASmallerOneNobodyOut() {
        let slots = Host(limit: 1)
        for name in ["a", "b", "c", "d"] { _ = slots.request(name) }
        #expect(slots.setLimit(3) == ["b", "c"])
        #expect(slots.setLimit(1) == [])
        #expect(slots.release("a") == [])
        #expect(slots.release("b") == [])
        #expect(slots.release("c") == ["d"])
    }
}
