import BlockABI
import DevicePolicy
import Testing

/// What a new ublkd finds of its devices.
struct Adopting {
    @Test func aServedDeviceGoesOnUntouched() {
        let bench = Bench()
        #expect(
            bench.acts(.adopt(.alive(.live))) == [.deviceAdded(Bench.device), .becameLive(recovery: nil)])
        #expect(bench.state == .live)
        #expect(bench.machine.worker == .number(50))
        #expect(bench.machine.recoveries == 3)
        #expect(bench.machine.facts == .sample)
        #expect(bench.machine.attempted)
        #expect(bench.commands.isEmpty)
        #expect(bench.acts(.workerDied(.number(50), .unknown, served: true)) == [.requestSlot])
    }

    private static let givenUp = Failure(.poison, "three workers died of it")

    /// Its worker answers with EIO, and says so to nobody but those who do I/O.
    @Test func aDeviceThatWasGivenUpIsStillSo() {
        let bench = Bench(settings: PolicySettings(afterGivingUp: .fail))
        var found = Adoption.alive(.live)
        found.givenUp = Self.givenUp
        bench.send(.adopt(found))
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .poison)
        #expect(bench.machine.givenUp == Self.givenUp)
        bench.send(.recover)
        #expect(bench.machine.givenUp == nil)
    }

    @Test(arguments: [PolicySettings.AfterGivingUp.hold, .fail])
    func aDeviceThatWasGivenUpAndHasNoWorker(after: PolicySettings.AfterGivingUp) {
        let bench = Bench(settings: PolicySettings(afterGivingUp: after))
        var found = Adoption.dead(.quiesced)
        found.givenUp = Self.givenUp
        bench.send(.adopt(found))
        #expect(bench.machine.givenUp == Self.givenUp)
        guard after == .fail else {
            #expect(bench.state == .held)
            #expect(bench.timers.isEmpty)
            return #expect(bench.acts(.recover) == [.requestSlot])
        }
        bench.send(.slotGranted)
        #expect(
            bench.acts(.workerGiven(.number(60))) == [.configure(WorkerRef.number(60).id, failing: true)])
    }

    /// LIVE with a dead worker: nothing of a recovery was begun, so the first START needs no filler.
    @Test func aDeviceWhoseWorkerDiedMeanwhile() {
        let bench = Bench(.classic)
        #expect(bench.acts(.adopt(.dead(.live))) == [.deviceAdded(Bench.device), .requestSlot])
        #expect(bench.state == .recovering)
        #expect(bench.acts(.slotGranted) == [.takeWorker, .control(.start)])
    }

    /// In a recovery nobody knows how far the last ublkd had come.
    @Test(arguments: [KernelState.quiesced, .failIO], Bench.Kernel.allCases)
    func anUnfinishedRecovery(state: KernelState, kernel: Bench.Kernel) {
        let bench = Bench(kernel)
        bench.send(.adopt(.dead(state)))
        bench.send(.slotGranted)
        #expect(bench.commands == [kernel == .classic ? .filler : .start])
    }

    @Test func aWorkerInAnUnfinishedRecoveryIsReplaced() {
        let bench = Bench(.classic)
        #expect(
            bench.acts(.adopt(.alive(.quiesced))) == [.deviceAdded(Bench.device), .kill(.number(50))])
        #expect(bench.acts(.workerDied(.number(50), .signalled(9), served: false)) == [.requestSlot])
        #expect(bench.acts(.slotGranted) == [.takeWorker, .control(.filler)])
    }

    /// Added and never started, or stopped halfway: such a device cannot be started reliably.
    @Test(arguments: [KernelState.dead, nil], [true, false])
    func anUnfinishedDeviceIsMadeAnew(state: KernelState?, hasWorker: Bool) {
        let bench = Bench()
        bench.send(.adopt(hasWorker ? .alive(state) : .dead(state)))
        #expect(bench.state == .stopping)
        if hasWorker {
            #expect(bench.commands.isEmpty)
            bench.send(.workerDied(.number(50), .signalled(9), served: false))
        }
        #expect(bench.commands == [.stopDevice])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
    }

    /// `recovery = "none"`: there is no disk any more that could be recovered.
    @Test func aDiskThatWasLostWithItsWorkerIsMadeAnew() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false))
        #expect(
            bench.acts(.adopt(.dead(.live))) == [.deviceAdded(Bench.device), .control(.stopDevice)])
    }
}
