import DevicePolicy
import LinuxSys
import Testing

@testable import ublkd

@Suite("Shutdown of the host") struct HostShutdownTests {
    private func use(_ users: [String: [DiskUser]]) -> HostShutdown.Use {
        HostShutdown.use(of: "ublkb0") { users[$0] ?? [] }
    }

    @Test func aDiskIsIdleWhenEverythingOnItIs() {
        #expect(use([:]) == .none)
        #expect(use(["ublkb0": [.device(name: "dm-0")]]) == .idle)
        #expect(use(["ublkb0": [.device(name: "dm-0")], "dm-0": [.device(name: "dm-1")]]) == .idle)
        #expect(use(["ublkb0": [.mount(path: "/srv")]]) == .used)
        #expect(use(["ublkb0": [.device(name: "dm-0"), .process(pid: 1, name: "a")]]) == .used)
        #expect(
            use(["ublkb0": [.device(name: "dm-0")], "dm-0": [.device(name: "dm-1")], "dm-1": [.swap]])
                == .used)
    }

    @Test func devicesThatLieOnEachOtherAreNoEndlessQuestion() {
        #expect(use(["ublkb0": [.device(name: "dm-0")], "dm-0": [.device(name: "ublkb0")]]) == .used)
    }

    /// The last close of a disk may be the end of the host.
    @Test func deletionsAreNotWaitedForWithoutEnd() {
        func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        var shutdown = HostShutdown(began: at(0), grace: 15_000)
        var answers: [Bool] = []
        for (only, time) in [(true, 0), (true, 999), (false, 1_000), (true, 1_100), (true, 2_100)] {
            answers.append(shutdown.isDone(only, at: at(UInt64(time))))
        }
        #expect(answers == [false, false, false, false, true])
    }

    /// A volume that is being taken down passes through this state.
    @Test func idleCountsAfterAWhileWithoutABreak() {
        func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        var shutdown = HostShutdown(began: at(0), grace: 15_000)
        var answers: [Bool] = []
        for (use, time) in [
            (HostShutdown.Use.idle, 0), (.idle, 1_999), (.used, 2_000), (.idle, 2_100), (.idle, 4_100),
        ] {
            answers.append(shutdown.isIdle("data", use, at: at(UInt64(time))))
        }
        #expect(answers == [false, false, false, false, true])
        let other = shutdown.isIdle("logs", .idle, at: at(4_100))
        #expect(!other, "each for itself")
        #expect(!shutdown.isGraceOver(at: at(14_999)))
        #expect(shutdown.isGraceOver(at: at(15_000)))
        #expect(!shutdown.isOver(at: at(27_999)))
        #expect(shutdown.isOver(at: at(28_000)))
    }
}
