import BlockABI
import DevicePolicy
import Testing

/// Commands that are late, lost, refused, or answered for a device that somebody else took away.
struct ControlTrouble {
    /// A command that never returns costs this device and no other.
    @Test(arguments: [
        Situation.adding, .settingParameters, .fetching, .limiting, .prepared, .attached, .stopping,
        .deleting,
    ])
    func aLostCommandLeavesTheDeviceAlone(situation: Situation) throws {
        let bench = situation.bench
        let step = try #require(bench.pending)
        bench.send(.controlLate(step))
        let effects = bench.acts(.controlLost(step))
        #expect(bench.state == .held)
        #expect(bench.visible.reason == .controlWedged)
        #expect(bench.visible.message.contains(step.words))
        #expect(bench.timers.isEmpty)
        if situation == .prepared || situation == .attached { #expect(effects.contains(.releaseSlot)) }
        let commands = bench.commands
        for event in [DeviceEvent.timer(.retry), .timer(.step), .closed] { #expect(bench.acts(event) == []) }
        if bench.machine.deviceID != nil {
            bench.send(.recover)
            bench.stop(force: true)
        }
        #expect(bench.commands == commands, "no further command for it")
    }

    /// The backend of a dead worker hangs, and with it STOP_DEV: when it goes on, the device is stopped as it was to be.
    @Test func aLostStopIsFinishedWhenTheKernelEndsIt() throws {
        let bench = Situation.stopping.bench
        let step = try #require(bench.pending)
        let worker = bench.serving
        bench.send(.controlLate(step))
        bench.send(.controlLost(step))
        bench.send(.workerDied(worker.id, .signalled(9), served: true))
        #expect(bench.state == .held)
        #expect(
            bench.acts(.controlReturned(.deleteDevice, deviceID: nil)) == [], "another one's end says nothing"
        )
        #expect(bench.acts(.controlReturned(step, deviceID: nil)).contains(.control(step)))
        bench.done(step)
        bench.done(.deleteDevice)
        #expect(bench.state == .stopped)
    }

    /// What an operator says meanwhile is done then.
    @Test func anOperatorChangesHisMindWhileStopHangs() throws {
        let bench = Situation.stopping.bench
        let step = try #require(bench.pending)
        let worker = bench.serving
        bench.send(.controlLost(step))
        bench.send(.workerDied(worker.id, .signalled(9), served: true))
        bench.send(.start)
        #expect(bench.state == .held)
        bench.send(.controlReturned(step, deviceID: nil))
        bench.done(step)
        #expect(bench.done(.deleteDevice).contains(.takeWorker))
        #expect(bench.state == .starting)
    }

    /// Whether it made a device is known when it ends: what it made is taken back, and the device goes as it was to.
    @Test(arguments: [UInt32?.none, 0]) func whatALostAddLeavesIsRemovedWhenItEnds(made: UInt32?) {
        let bench = Situation.adding.bench
        let worker = bench.serving
        bench.send(.stop(remove: true, force: false, isOpen: false))
        bench.send(.controlLost(.addDevice))
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.stop() == [], "it is not known yet what there is to stop")
        #expect(bench.state == .pendingRemoval || bench.state == .held)
        let effects = bench.acts(.controlReturned(.addDevice, deviceID: made))
        guard made != nil else { return #expect(effects.contains(.removed)) }
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice).contains(.removed))
    }

    /// The device was wanted, so it is tried again.
    @Test func aLostAddIsTriedAgainWhenItEnds() {
        let bench = Situation.adding.bench
        let worker = bench.serving
        bench.send(.controlLost(.addDevice))
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.acts(.controlReturned(.addDevice, deviceID: nil)).contains(.takeWorker))
    }

    @Test func aLostEndIsFollowedByAnotherRecovery() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .served)
        bench.send(.controlLost(.end(worker)))
        bench.send(.workerDied(worker.id, .signalled(9), served: true))
        #expect(bench.state == .held)
        bench.send(.stop(remove: false, force: false, isOpen: true))
        #expect(bench.acts(.controlReturned(.end(worker), deviceID: nil)).contains(.requestSlot))
        #expect(bench.state == .recovering)
    }

    /// Nobody waits for START any more, but whether it was accepted will never be known.
    @Test func aCommandThatIsLostAfterGivingUpLeavesTheDeviceAlone() {
        let bench = Bench(.classic, settings: PolicySettings(restartBurst: 1)).live()
        bench.recover(upTo: .workerAsked)
        bench.send(.workerUnavailable(.missing))
        bench.fire(.retry)
        bench.send(.slotGranted)
        bench.send(.workerUnavailable(.missing))
        #expect(bench.state == .failed)
        bench.send(.controlLost(.start))
        #expect(bench.visible.reason == .controlWedged)
        #expect(bench.timers.isEmpty)
    }

    /// Its answer counts, however late.
    @Test func aLateCommandThatEndsIsNoTrouble() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .served)
        bench.send(.controlLate(.end(worker)))
        bench.done(.end(worker))
        bench.goLive(worker)
        #expect(bench.state == .live)
    }

    /// Fewer queues or tags than the device has: END waits without end, until its deadline.
    @Test func endThatWaitsForEverIsTakenBack() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .attached)
        bench.send(.controlLate(.end(worker)))
        let effects = bench.done(.end(worker), -Errno.interrupted.rawValue)
        #expect(effects.contains(.kill(worker.id)))
        #expect(bench.state == .recovering)
        #expect(bench.visible.message.contains("END_USER_RECOVERY"))
    }

    /// Each command of a start answers each errno: it is taken back, said, and tried again.
    @Test(arguments: [1, 4, 5, 11, 12, 16, 17, 22, 95, 110, 125] as [Int32])
    func everyErrnoInAStart(number: Int32) throws {
        for situation in [Situation.adding, .settingParameters, .fetching] {
            let bench = situation.bench
            let step = try #require(bench.pending)
            bench.send(.controlDone(step, result: -number, deviceID: nil))
            if bench.state == .stopping {
                bench.send(.workerDied(bench.serving.id, .signalled(9), served: false))
                bench.done(.stopDevice)
                bench.done(.deleteDevice)
            }
            #expect(bench.state == .failed)
            #expect(!bench.visible.message.isEmpty)
            #expect(bench.visible.nextAttempt != nil)
        }
    }

    @Test(arguments: [1, 4, 5, 11, 12, 16, 17, 22, 95, 110, 125] as [Int32])
    func everyErrnoInARecovery(number: Int32) throws {
        for situation in [Situation.prepared, .served, .filling] {
            let bench = situation.bench
            let step = try #require(bench.pending)
            bench.done(step, -number)
            #expect([.recovering, .failed].contains(bench.state))
            #expect(!bench.commands.suffix(1).contains(.end(bench.serving)) || step == .end(bench.serving))
            let isNamed = !bench.visible.message.isEmpty || bench.visible.nextAttempt != nil
            #expect(isNamed || bench.pending != nil)
        }
    }

    /// Without its filler a repeated START breaks a classic kernel, so nothing replaces it.
    @Test func aFillerThatFailedIsRepeated() {
        let bench = Situation.filling.bench
        bench.wait(milliseconds: 500)
        bench.done(.filler, -Errno.interrupted.rawValue)
        #expect(bench.commands.suffix(2) == [.filler, .filler])
        #expect(bench.done(.filler) == [.control(.startUserRecovery(lazily: true))])
    }

    @Test func anAnswerToNothingIsDropped() {
        let bench = Bench().live()
        #expect(bench.done(.stopDevice) == [])
        #expect(bench.acts(.controlLost(.deleteDevice)) == [])
        #expect(bench.state == .live)
    }

    // MARK: - Other tools

    @Test func aDeviceThatAnotherToolDeletedIsMadeAgain() {
        let bench = Bench().live()
        bench.recover(upTo: .workerAsked)
        #expect(bench.done(.start, -Errno.noSuchDevice.rawValue) == [.releaseSlot, .deviceDeleted])
        #expect(bench.state == .failed)
        #expect(bench.machine.deviceID == nil)
        #expect(bench.visible.message.contains("another tool deleted"))
        #expect(bench.fire(.retry) == [.takeWorker])
    }

    /// Its number may be somebody else's by now: the new worker goes, and nothing is stopped or deleted.
    @Test(arguments: [Situation.recoveryPreparing, .attached, .verifyingRecovery, .verifyingStart, .draining])
    func noCommandForANumberThatMayBeAnothersNow(situation: Situation) {
        let bench = situation.bench
        let worker = bench.serving
        let commands = bench.commands
        bench.send(.deviceGone)
        if let pending = bench.pending { bench.done(pending, -Errno.interrupted.rawValue) }
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.commands == commands)
        #expect(bench.state == .failed)
        #expect(bench.machine.deviceID == nil)
    }

    @Test func aDeviceThatAnotherToolStoppedIsMadeAnew() {
        let bench = Situation.draining.bench
        let worker = bench.serving
        bench.send(.deviceInfo(.dead, pid: 0))
        bench.done(.startUserRecovery(lazily: true), -Errno.busy.rawValue)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.commands.last == .stopDevice)
        bench.done(.stopDevice)
        bench.done(.deleteDevice)
        #expect(bench.state == .starting)
    }

    @Test func aLiveDeviceThatIsGoneIsMadeAgain() {
        let bench = Bench().live()
        let worker = bench.serving
        #expect(bench.acts(.deviceGone) == [.kill(worker.id)])
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [.deviceDeleted])
        #expect(bench.fire(.retry) == [.takeWorker])
    }

    /// The kernel's error is no reason to try again with a number that may be another tool's.
    @Test func aRefusedStopOfADeviceThatIsGoneEndsIt() {
        let bench = Bench().live()
        bench.stop()
        bench.send(.deviceGone)
        bench.done(.tryStopDevice, -Errno.tryAgain.rawValue)
        #expect(bench.acts(.workerDied(bench.serving.id, .exited(0), served: true)) == [.deviceDeleted])
        #expect(bench.state == .stopped)
    }

    /// STOP_DEV was refused in the middle of a recovery: how far that had come is forgotten, so on a classic
    /// kernel the next START_USER_RECOVERY comes after a filler.
    @Test func aRecoveryWhoseStopWasRefusedIsNotTakenForAFirstOne() {
        let bench = Bench(.classic).live()
        let worker = bench.recover(upTo: .attached)
        bench.stop(force: true)
        bench.done(.end(worker), -Errno.interrupted.rawValue)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.stopDevice, -Errno.inputOutput.rawValue)
        #expect(bench.state == .held)
        bench.send(.recover)
        #expect(bench.acts(.slotGranted) == [.takeWorker, .control(.filler)])
    }

    /// `recovery = "none"`: whatever failed, such a disk is never recovered.
    @Test func aDiskThatCannotSurviveIsMadeAnewAfterARefusedStop() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        bench.done(.stopDevice, -Errno.inputOutput.rawValue)
        #expect(bench.state == .held)
        #expect(bench.acts(.recover) == [.control(.stopDevice)])
    }

    /// The disk went with its worker just before, and the kernel says so first: the device is still ours.
    @Test func aDeviceWithoutADiskIsNotGone() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        let grow = ControlStep.updateSize(bytes: 2 << 30)
        bench.send(.grow(bytes: 2 << 30))
        #expect(bench.done(grow, -Errno.noSuchDevice.rawValue) == [.queryDevice])
        bench.send(.deviceInfo(.dead, pid: 0))
        #expect(
            bench.acts(.workerDied(bench.serving.id, .signalled(9), served: true)) == [.control(.stopDevice)])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
    }

    @Test func aDeviceThatIsGoneWhenItIsToGrowIsGone() {
        let bench = Bench().live()
        let worker = bench.serving
        bench.send(.grow(bytes: 2 << 30))
        #expect(
            bench.done(.updateSize(bytes: 2 << 30), -Errno.noSuchDevice.rawValue) == [.queryDevice])
        #expect(bench.acts(.deviceGone) == [.kill(worker.id)])
    }

    /// What was never finished cannot be recovered, also when an operator's stop of it fails.
    @Test func anUnfinishedDiskStaysUnfinished() {
        let bench = Bench().start(upTo: .attaching)
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: false))
        bench.stop()
        bench.done(.stopDevice, -Errno.noMemory.rawValue)
        #expect(bench.state == .held)
        #expect(bench.stop() == [.control(.stopDevice)])
        bench.done(.stopDevice, -Errno.noMemory.rawValue)
        #expect(bench.acts(.start) == [.control(.stopDevice)])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
    }

    @Test func aDiskThatIsStoppedWhileItStartsWasNeverFinished() {
        let bench = Bench().start(upTo: .attaching)
        let worker = bench.serving
        #expect(bench.stop() == [.kill(worker.id)])
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.stopDevice, -Errno.noMemory.rawValue)
        #expect(bench.state == .held)
        #expect(bench.acts(.start) == [.control(.stopDevice)], "it is made anew, not recovered")
    }

    // MARK: - What the kernel lost

    @Test func aDeadWorkerThatAClassicKernelTakesForALiveOne() {
        let bench = Bench(.classic).live()
        bench.recover(upTo: .workerAsked)
        bench.wait(milliseconds: 2_000)
        bench.done(.start, -Errno.busy.rawValue)
        bench.wait(milliseconds: 40_000)
        bench.send(.deviceInfo(.live, pid: 1001))
        #expect(bench.state == .recovering, "io_timeout has to pass first")
        bench.wait(milliseconds: 10_000)
        bench.send(.deviceInfo(.live, pid: 1001))
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .kernelUnrecoverable)
        #expect(bench.timers[.retry] == nil, "never retried in a loop")
        #expect(bench.visible.nextAttempt == nil)
    }

    /// The new worker did not die at first; now it is gone, and what is left to wait for has its name again.
    @Test func drainingIsNamedAgain() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .preparing)
        bench.wait(milliseconds: 2_000)
        bench.done(.start, -Errno.busy.rawValue)
        bench.send(.workerFailed(worker.id, .missing))
        bench.fire(.step)
        #expect(bench.visible.reason == .unkillable)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.startUserRecovery(lazily: true), -Errno.busy.rawValue)
        #expect(bench.visible.message.contains("the last I/O of the dead worker"))
    }

    /// Nothing else would tell an operator who does not ask: no attempt fails, and no deadline ends it.
    @Test(arguments: [[], ["dd (process 77)"]])
    func aWaitThatLastsIsToldOfOnce(holders: [String]) {
        let bench = Situation.draining.bench
        if !holders.isEmpty { bench.send(.holders(holders)) }
        func told() -> [String] {
            bench.logged.map(\.text).filter { $0.contains("not recovered for 30 s") }
        }
        for _ in 0..<28 { bench.fire(.verify) }
        #expect(told() == [])
        for _ in 0..<40 { bench.fire(.verify) }
        #expect(told().count == 1)
        #expect(told().first?.contains(holders.first ?? "the last I/O of the dead worker") == true)
    }

    /// LIVE with a dead worker is the normal picture there while its last I/O is not over.
    @Test(arguments: [Bench.Kernel.middle, .modern72, .modern])
    func aFenceMayHoldForAnyTime(kernel: Bench.Kernel) {
        let bench = Bench(kernel).live()
        bench.recover(upTo: .prepared)
        bench.wait(milliseconds: 2_000)
        bench.done(.start, -Errno.busy.rawValue)
        for _ in 0..<100 {
            bench.wait(milliseconds: 10_000)
            bench.send(.deviceInfo(.live, pid: -1))
        }
        #expect(bench.state == .recovering)
        #expect(bench.done(.startUserRecovery(lazily: true)) == [.requestSlot])
    }

    /// A middle kernel never lets go of a worker that died with some of its slots fetched.
    @Test(arguments: [KernelState.quiesced, .failIO])
    func aControlNodeThatIsNeverReleased(state: KernelState) {
        let bench = Bench(.middle).live()
        let worker = bench.recover(upTo: .attached)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.end(worker), -Errno.interrupted.rawValue)
        bench.wait(milliseconds: 2_000)
        bench.done(.start, -Errno.busy.rawValue)
        let lazily = ControlStep.startUserRecovery(lazily: true)
        bench.wait(milliseconds: 11_000)
        bench.send(.deviceInfo(state, pid: 1))
        bench.done(lazily, -Errno.busy.rawValue)
        #expect(bench.state == .recovering, "the fence may have held until now")
        bench.wait(milliseconds: 11_000)
        bench.send(.holders(["process 4711 (cp)"]))
        bench.done(lazily, -Errno.busy.rawValue)
        #expect(bench.visible.reason == .recoveryBlocked, "somebody holds it, and can let go")
        bench.send(.holders([]))
        bench.wait(milliseconds: 2_000)
        bench.done(lazily, -Errno.busy.rawValue)
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .kernelUnrecoverable)
    }

    /// A classic kernel keeps it for one that died inside a queue; there the filler, which comes first, cannot open
    /// it. The kernel says the same while the last I/O of one that had begun to serve is not over.
    @Test func aControlNodeThatNoFillerCanOpen() {
        let bench = Bench(.classic).live()
        let worker = bench.recover(upTo: .attached)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.end(worker), -Errno.interrupted.rawValue)
        bench.wait(milliseconds: 5_000)
        bench.done(.filler, -Errno.timedOut.rawValue)
        bench.send(.deviceInfo(.quiesced, pid: 1))
        for _ in 0..<3 {
            #expect(!bench.visible.message.contains("stop and start"), "it may only be slow")
            bench.wait(milliseconds: 5_000)
            bench.done(.filler, -Errno.timedOut.rawValue)
        }
        #expect(bench.state == .recovering)
        #expect(bench.visible.message.contains("if it lasts, stop and start the device"))
        #expect(bench.pending == .filler, "and it is tried all the same")
        bench.done(.filler)
        bench.done(.startUserRecovery(lazily: true))
        #expect(bench.visible.message.isEmpty)
    }
}
