import BlockABI
import Configuration
import DevicePolicy
import StatusWire
import Testing

@testable import ublkd

/// A device's policy, driven step by step; every step is asked for its events as the supervisor does it.
@Suite("What becomes an event")
struct EventDraftTests {
    private final class Life {
        var machine: DeviceMachine
        var drafts: [EventDraft] = []
        private var milliseconds: UInt64 = 1_000

        init(survivesWorker: Bool = true) {
            let configured = DeviceConfiguration(name: "data", target: .null)
            let traits = KernelTraits(features: DeviceFlags(rawValue: .max))
            var settings = configured.policySettings(controlTimeout: 5_000, traits: traits)
            settings.survivesWorker = survivesWorker
            machine = DeviceMachine(name: "data", settings: settings, traits: traits, seed: 1)
        }

        func tell(_ event: DeviceEvent, after pause: UInt64 = 10) {
            milliseconds += pause
            let before = machine.visible
            let effects = machine.handle(event, at: Instant(nanoseconds: milliseconds * 1_000_000))
            var recovery: RecoveryRecord?
            if case .recovering(let recovering) = machine.phase { recovery = recovering.record }
            drafts += EventDraft.derived(
                from: event, effects: effects, before: before, after: machine.visible, recovery: recovery)
        }

        var kinds: [EventRecord.Kind] { drafts.map(\.kind) }

        func adoptLive() {
            tell(
                .adopt(
                    Adoption(
                        deviceID: 3, state: .live, worker: WorkerRef(id: WorkerID(rawValue: 1), pid: 11),
                        facts: BackendFacts(size: 1 << 20), recoveries: 0)))
        }
    }

    @Test("A live device of an earlier ublkd: adopted, live")
    func adopted() {
        let life = Life()
        life.adoptLive()
        #expect(life.kinds == [.adopted, .live])
        #expect(life.drafts[0].message.contains("ublkb3"))
    }

    @Test("A death: recovering with its cause")
    func death() {
        let life = Life()
        life.adoptLive()
        life.tell(.workerDied(WorkerID(rawValue: 1), .signalled(9), served: true), after: 20_000)
        #expect(life.kinds.last == .recovering)
        #expect(life.drafts.last?.cause == .signal(9))
        #expect(life.drafts.last?.message == "its worker is lost (signal:9); a new one is on its way")
    }

    @Test("A recovery that ends: cause, and how long it took; not a second event for the state")
    func recovered() throws {
        var record = RecoveryRecord(cause: .death(.exited(3)), detected: Instant(nanoseconds: 1_000_000_000))
        record.live = Instant(nanoseconds: 1_052_000_000)
        let life = Life()
        let recovering = try #require(state(of: .recovering))
        let live = try #require(state(of: .live))
        life.drafts = EventDraft.derived(
            from: .slotGranted, effects: [.becameLive(recovery: record)], before: recovering, after: live,
            recovery: nil)
        #expect(life.kinds == [.recovered])
        #expect(life.drafts[0].cause == .exit(3) && life.drafts[0].downtimeSeconds == 0.052)
        #expect(life.drafts[0].message == "recovered after exit:3, 52 ms without service")
    }

    @Test("A stop and what it ends in; removal is told once")
    func stopped() {
        let life = Life()
        life.tell(.stop(remove: false, force: false, isOpen: false))
        #expect(life.kinds == [.stopped] && life.drafts[0].message == "(operator) stopped by an operator")
        let other = Life()
        other.tell(.stop(remove: true, force: false, isOpen: false))
        #expect(other.kinds.contains(.removed))
        #expect(other.kinds.filter { $0 == .removed }.count == 1)
    }

    @Test("A start without a worker user: why it failed stands in the event")
    func failed() {
        let life = Life()
        life.tell(.start)
        life.tell(.workerUnavailable(Failure(.noWorkerUser, "the user does not exist")))
        #expect(life.kinds == [.starting, .failed])
        #expect(life.drafts[1].message == "(no-worker-user) the user does not exist")
    }

    @Test("Every state that a user can see has a kind, but absent")
    func kinds() {
        let states = DeviceState.allCases.filter { EventRecord.Kind(rawValue: $0.rawValue) == nil }
        #expect(states == [.absent])
    }

    @Test("Nothing new, nothing told")
    func quiet() {
        let life = Life()
        life.adoptLive()
        life.drafts = []
        life.tell(.slotGranted)
        life.tell(.probeAnswered(WorkerID(rawValue: 1)))
        #expect(life.drafts == [])
    }

    /// A visible state, as policy makes it.
    private func state(of wanted: VisibleState.State) -> VisibleState? {
        let life = Life()
        life.adoptLive()
        if wanted == .recovering {
            life.tell(.workerDied(WorkerID(rawValue: 1), .unknown, served: true), after: 20_000)
        }
        return life.machine.visible.state == wanted ? life.machine.visible : nil
    }
}
