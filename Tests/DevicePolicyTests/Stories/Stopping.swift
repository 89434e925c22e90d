import BlockABI
import DevicePolicy
import Testing

/// Stop and removal, and who is asked first.
struct StoppingStories {
    @Test(arguments: Bench.Kernel.allCases)
    func aHealthyWorkerStaysThroughStop(kernel: Bench.Kernel) {
        let bench = Bench(kernel).live()
        let worker = bench.serving
        #expect(bench.stop() == [.control(.tryStopDevice)])
        #expect(bench.state == .stopping)
        #expect(bench.done(.tryStopDevice) == [])
        #expect(
            bench.acts(.workerDied(worker.id, .exited(0), served: true)) == [.control(.deleteDevice)])
        #expect(bench.done(.deleteDevice) == [.deviceDeleted])
        #expect(bench.state == .stopped)
        #expect(bench.timers.isEmpty)
        #expect(bench.acts(.start) == [.takeWorker], "a stopped device is deleted and made anew")
    }

    @Test func aWorkerThatDoesNotLeaveIsKilledBeforeDel() {
        let bench = Bench().live()
        let worker = bench.serving
        bench.stop(force: true)
        bench.done(.stopDevice)
        #expect(bench.fire(.step) == [.kill(worker.id)])
        #expect(bench.fire(.step) == [])
        #expect(bench.visible.reason == .unkillable)
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [.control(.deleteDevice)])
    }

    @Test func anOpenDiskIsNotStopped() {
        let bench = Bench().live()
        #expect(bench.acts(.stop(remove: false, force: false, isOpen: true)) == [.stopRefused])
        #expect(bench.state == .live)
        // Opened in the last moment: the kernel has the last word.
        bench.stop()
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused])
        #expect(bench.state == .live)
        #expect(bench.acts(.stop(remove: false, force: true, isOpen: true)) == [.control(.stopDevice)])
    }

    @Test func forceThatComesLaterCounts() {
        let bench = Bench().live()
        bench.stop()
        bench.send(.stop(remove: false, force: true, isOpen: true))
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.control(.stopDevice)])
    }

    /// The worker dies while the kernel is asked, and the kernel says that the disk is in use: its users' I/O
    /// waits for a new worker and is not failed.
    @Test func aDiskInUseWhoseWorkerDiesWhileStoppingIsRecovered() {
        let bench = Bench().live()
        bench.stop()
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused, .requestSlot])
        #expect(bench.state == .recovering)
    }

    @Test func aWorkerThatHoldsStopBackIsKilled() {
        let bench = Bench().live()
        let worker = bench.serving
        bench.stop(force: true)
        #expect(bench.acts(.controlLate(.stopDevice)) == [.kill(worker.id)])
        bench.send(.workerDied(worker.id, .signalled(9), served: true))
        #expect(bench.done(.stopDevice) == [.control(.deleteDevice)])
        bench.done(.deleteDevice)
        #expect(bench.state == .stopped)
    }

    @Test(arguments: Bench.Milestone.allCases)
    func stoppingARecovery(milestone: Bench.Milestone) {
        let bench = Bench().live()
        bench.recover(upTo: milestone)
        let worker = milestone >= .preparing ? bench.serving : nil
        var effects = bench.acts(.stop(remove: false, force: true, isOpen: false))
        #expect(effects.first == .releaseSlot)
        if let pending = bench.pending, pending != .stopDevice {
            #expect(effects.contains(.cancelControl(pending)))
            effects = bench.done(pending, -Errno.interrupted.rawValue)
        }
        if let worker {
            #expect(effects.contains(.kill(worker.id)))
            effects = bench.acts(.workerDied(worker.id, .signalled(9), served: false))
        }
        #expect(effects.contains(.control(.stopDevice)))
        bench.done(.stopDevice)
        bench.done(.deleteDevice)
        #expect(bench.state == .stopped)
        #expect(bench.timers.isEmpty)
    }

    @Test func aStopThatIsWantedNoMoreStartsAgain() {
        let bench = Bench().live()
        bench.stop()
        bench.send(.start)
        bench.done(.tryStopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
    }

    /// What its queues told while it was asked to stop was not heard: the next look finds them.
    @Test func aStopThatIsRefusedForgetsNoQueue() {
        let bench = Bench().live()
        let worker = bench.serving
        bench.stop()
        bench.send(.queueNeedsBackend(worker.id, queue: 1, .stale))
        bench.done(.tryStopDevice, -Errno.busy.rawValue)
        #expect(bench.state == .live)
        let fine = QueueSample(inflight: 0, completed: 1, answeredProbe: true)
        let waits = QueueSample(inflight: 1, completed: 1, answeredProbe: true, recovery: .recovering)
        #expect(
            bench.acts(.looked([fine, waits], diskInflight: 1, hasServed: true)) == [.openBackend(queue: 1)])
    }

    // MARK: - Removal

    @Test func aDiskInUseIsRemovedAtItsLastClose() {
        let bench = Bench().live()
        let worker = bench.serving
        #expect(bench.acts(.stop(remove: true, force: false, isOpen: true)) == [])
        #expect(bench.state == .pendingRemoval)
        #expect(bench.acts(.closed) == [.control(.tryStopDevice)])
        #expect(bench.state == .pendingRemoval, "it may be in use where nobody is seen")
        bench.done(.tryStopDevice, -Errno.busy.rawValue)
        #expect(bench.state == .pendingRemoval)
        bench.send(.closed)
        bench.done(.tryStopDevice)
        #expect(bench.state == .stopping)
        bench.send(.workerDied(worker.id, .exited(0), served: true))
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .removed])
    }

    /// The same for one whose recovery was given up: its state tells why, however often the kernel refuses.
    @Test func whatIsHeldStaysHeldWhileItsCloseIsTried() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.send(.workerDied(bench.serving.id, .signalled(11), served: true))
        #expect(bench.state == .held)
        #expect(bench.acts(.closed) == [.control(.tryStopDevice)])
        #expect(bench.state == .held)
        bench.done(.tryStopDevice, -Errno.busy.rawValue)
        #expect(bench.state == .held)
    }

    /// The worker of its last attempt cannot be killed, and nothing goes on before it is gone.
    @Test func whatATryWaitsForIsTold() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        bench.send(.workerDied(bench.serving.id, .signalled(11), served: true))
        bench.send(.recover)
        let worker = bench.goOn(upTo: .prepared)
        bench.send(.workerFailed(worker.id, Failure(.backingError, "it cannot be read")))
        #expect(bench.state == .held)
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.send(.closed)
        bench.fire(.step)
        #expect(bench.visible.reason == .unkillable)
    }

    /// What an operator wants of it meanwhile is not forgotten, and a host that lacks something takes nothing from it.
    @Test func aTryThatIsRefusedLeavesAHeldDeviceAsItWas() {
        func tried() -> Bench {
            let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
            bench.send(.stop(remove: true, force: false, isOpen: true))
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: true))
            bench.send(.closed)
            return bench
        }
        let asked = tried()
        asked.send(.recover)
        asked.done(.tryStopDevice, -Errno.busy.rawValue)
        #expect(asked.remaining(.retry) == 0)
        asked.fire(.retry)
        #expect(asked.state == .recovering)

        let stopped = tried()
        stopped.stop()
        #expect(stopped.state == .stopping, "somebody waits for the end of it")

        let lacking = tried()
        #expect(lacking.done(.tryStopDevice, -Errno.noMemory.rawValue) == [.stopRefused])
        #expect(lacking.state == .held)
    }

    /// Who has the disk open may be seen by nobody: its recovery goes on.
    @Test(arguments: [Bench.Milestone.workerAsked, .prepared, .attached])
    func aTryDoesNotBreakIntoARecovery(upTo: Bench.Milestone) {
        let bench = Bench().live()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.recover(upTo: upTo)
        #expect(bench.acts(.closed) == [])
        #expect(bench.state == .recovering)
    }

    @Test func aRemovalThatWaitsEndsWhenTheDeviceIsWantedAgain() {
        for upTo in [Bench.Milestone?.none, .attached] {
            let bench = Bench().live()
            bench.send(.stop(remove: true, force: false, isOpen: true))
            if let upTo { bench.recover(upTo: upTo) }
            bench.send(.start)
            #expect(!bench.machine.removalPending)
            #expect(bench.acts(.closed) == [])
        }
    }

    @Test func aDiskThatWaitsForRemovalIsStillRecovered() {
        let bench = Bench().live()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.goLive(bench.recover(upTo: .verifying))
        #expect(bench.state == .pendingRemoval)
    }

    /// Nobody uses it any more while it recovers: there is nothing to recover it for.
    @Test func itsLastCloseEndsARecovery() {
        let bench = Bench().live()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.recover(upTo: .slotAsked)
        #expect(bench.acts(.closed) == [.releaseSlot, .control(.tryStopDevice)])
        bench.done(.tryStopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .removed])
    }

    /// An operator's stop of a device that no configuration names any more is its removal.
    @Test func stoppingWhatWaitsForRemovalRemovesIt() {
        let bench = Bench().live()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        bench.stop()
        bench.done(.tryStopDevice, -Errno.busy.rawValue)
        #expect(bench.state == .pendingRemoval, "a refused stop does not keep it for ever")
        bench.stop(force: true)
        bench.done(.stopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        #expect(bench.done(.deleteDevice).contains(.removed))
    }

    /// Its stop failed halfway, so it can only be made anew; out of the configuration by now, it is removed instead.
    @Test func whatWaitsForRemovalIsNotMadeAnew() {
        let bench = Bench().live()
        bench.stop(force: true)
        bench.done(.stopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        bench.done(.deleteDevice, -Errno.inputOutput.rawValue)
        #expect(bench.state == .held)
        bench.send(.stop(remove: true, force: false, isOpen: true))
        #expect(bench.acts(.recover) == [.control(.stopDevice)])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .removed])
    }

    /// The deletion goes on in the kernel: the device is stopped for its operator, its number is not free yet.
    @Test func aDeletionThatWaitsForTheLastClose() {
        let bench = Bench().live()
        bench.stop(force: true)
        bench.done(.stopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        bench.send(.controlLate(.deleteDevice))
        #expect(bench.done(.deleteDevice, -Errno.interrupted.rawValue) == [.deviceDeleted])
        #expect(bench.state == .stopped)
        #expect(bench.logged.contains { $0.level == .warning && $0.text.contains("last user closes it") })
    }

    /// The agent has the kernel's answer to its own cancellation before the command is called late.
    @Test func aDeletionThatWaitsForTheLastCloseAndIsCancelledInTime() {
        let bench = Bench().live()
        bench.stop(force: true)
        bench.done(.stopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        bench.wait(milliseconds: bench.machine.settings.controlTimeout + 3)
        #expect(bench.done(.deleteDevice, -Errno.interrupted.rawValue) == [.deviceDeleted])
        #expect(bench.state == .stopped, "an operator's stop does not wait for the last user")
        #expect(bench.logged.contains { $0.level == .warning && $0.text.contains("last user closes it") })
    }

    @Test func aDiskThatIsMadeAnewSaysThatItWaitsForTheLastClose() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        bench.done(.stopDevice)
        bench.wait(milliseconds: bench.machine.settings.controlTimeout + 3)
        bench.done(.deleteDevice, -Errno.interrupted.rawValue)
        #expect(bench.visible.message.contains("last user closes it"))
        #expect(bench.fire(.retry) == [.control(.deleteDevice)])
    }

    /// Not late: its agent died, and perhaps nothing was deleted.
    @Test func aDeletionWhoseAgentDiedIsRepeated() {
        let bench = Bench().live()
        bench.stop(force: true)
        bench.done(.stopDevice)
        bench.send(.workerDied(bench.serving.id, .exited(0), served: true))
        #expect(bench.done(.deleteDevice, -Errno.interrupted.rawValue) == [])
        #expect(bench.fire(.retry) == [.control(.deleteDevice)])
        #expect(bench.done(.deleteDevice, -Errno.noSuchDevice.rawValue) == [.deviceDeleted])
    }

    // MARK: - recovery = "none"

    @Test func aDiskThatIsLostWithItsWorkerIsMadeAnewWhenClosed() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        #expect(
            bench.acts(.workerDied(bench.serving.id, .signalled(9), served: true)) == [.control(.stopDevice)])
        #expect(bench.done(.stopDevice) == [.control(.deleteDevice)])
        bench.send(.controlLate(.deleteDevice))
        #expect(bench.done(.deleteDevice, -Errno.interrupted.rawValue) == [])
        #expect(bench.state == .stopping)
        #expect(bench.visible.message.contains("last user closes it"))
        #expect(bench.fire(.retry) == [.control(.deleteDevice)])
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
        #expect(bench.state == .starting)
        #expect(!bench.commands.contains(.start), "there is nothing to recover")
    }

    /// It died while the kernel was asked: the stop is refused, and the disk is lost all the same.
    @Test func aRefusedStopOfALostDiskMakesItAnew() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        bench.stop()
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        #expect(
            bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused, .control(.stopDevice)])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
        #expect(bench.state == .starting, "nobody was told that it is stopped")
    }

    @Test func recoverOfSuchADeviceMakesItAnew() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        let worker = bench.serving
        #expect(bench.acts(.recover) == [.kill(worker.id)])
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [.control(.stopDevice)])
    }
}
