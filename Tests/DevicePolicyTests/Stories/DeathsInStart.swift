import BlockABI
import DevicePolicy
import Testing

/// The worker dies while its device starts: what was done is taken back, in the order that kernels survive.
struct DeathsInStart {
    @Test(arguments: Bench.Kernel.allCases, [Starting.Step.waitingForWorker, .preparing])
    func beforeThereIsADevice(kernel: Bench.Kernel, step: Starting.Step) {
        let bench = Bench(kernel).start(upTo: step)
        if step == .preparing {
            bench.send(.workerDied(bench.serving.id, .exited(1), served: false))
            #expect(bench.visible.message.contains("exited with status 1"))
        } else {
            bench.send(.workerUnavailable(.missing))
            #expect(bench.visible.reason == .backingMissing)
        }
        #expect(bench.state == .failed)
        #expect(bench.commands.isEmpty)
        #expect(bench.fire(.retry) == [.takeWorker])
    }

    /// A device that was added must be deleted and added again after any death before START_DEV.
    @Test(
        arguments: Bench.Kernel.allCases,
        [
            Starting.Step.settingParameters, .attaching, .startSent, .fetching(served: false, started: false),
            .fetching(served: true, started: false), .fetching(served: false, started: true), .verifying,
        ])
    func withADevice(kernel: Bench.Kernel, step: Starting.Step) {
        let bench = Bench(kernel).start(upTo: step)
        let worker = bench.serving
        let pending = bench.pending
        let effects = bench.acts(.workerDied(worker.id, .signalled(11), served: false))
        #expect(bench.state == .stopping)
        if let pending {
            // One command at a time: the one under way is taken back first.
            #expect(effects == [.cancelControl(pending)])
            #expect(bench.done(pending, -Errno.interrupted.rawValue) == [.control(.stopDevice)])
        } else {
            #expect(effects == [.control(.stopDevice)])
        }
        #expect(bench.done(.stopDevice) == [.control(.deleteDevice)], "DEL_DEV only after STOP_DEV returned")
        #expect(bench.done(.deleteDevice) == [.deviceDeleted])
        #expect(bench.state == .failed)
        #expect(bench.visible.message.contains("signal 11"))
        bench.fire(.retry)
        #expect(bench.state == .starting)
        #expect(!bench.commands.contains(.start))
    }

    /// The worker that is killed by us is reaped before STOP_DEV, which would wait for it without end.
    @Test func aWorkerThatFailsIsReapedBeforeStop() {
        let bench = Bench().start(upTo: .verifying)
        let worker = bench.serving
        #expect(bench.acts(.workerFailed(worker.id, .missing)) == [.kill(worker.id)])
        #expect(bench.commands.last != .stopDevice)
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.control(.stopDevice)])
    }

    /// Between its FETCHes and the answer of START_DEV a worker must not die by our hand.
    @Test func aWorkerIsNotKilledUnderStart() {
        let bench = Bench(.classic).start(upTo: .fetching(served: true, started: false))
        let worker = bench.serving
        let start = ControlStep.startDevice(pid: worker.pid)
        #expect(bench.fire(.step) == [.cancelControl(start)])
        // The kernel had accepted it after all.
        #expect(bench.done(start) == [.kill(worker.id)])
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.control(.stopDevice)])
    }

    @Test func addIsAbandonedWhileUnderWay() {
        let bench = Bench().start(upTo: .adding)
        let worker = bench.serving
        #expect(bench.stop() == [.kill(worker.id), .cancelControl(.addDevice)])
        #expect(bench.state == .starting)
        // The device was made before the cancellation came.
        #expect(bench.done(.addDevice) == [.deviceAdded(Bench.device)])
        #expect(bench.state == .stopping)
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.control(.stopDevice)])
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice) == [.deviceDeleted])
        #expect(bench.state == .stopped)
    }

    @Test func aStoppedStartThatIsWantedAgainStartsAgain() {
        let bench = Bench().start(upTo: .adding)
        let worker = bench.serving
        bench.stop()
        bench.send(.start)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.done(.addDevice, -Errno.interrupted.rawValue) == [.takeWorker])
        #expect(bench.state == .starting)
    }

    /// An agent died in ADD_DEV, and the device stands there under our mark.
    @Test(arguments: [Errno.interrupted, .exists])
    func aDeviceThatWasAddedUnheardOfIsMadeAgain(errno: Errno) {
        let bench = Bench().start(upTo: .adding)
        let worker = bench.serving
        let event = DeviceEvent.controlDone(.addDevice, result: -errno.rawValue, deviceID: Bench.device)
        #expect(bench.acts(event) == [.kill(worker.id)])
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.control(.stopDevice)])
        #expect(bench.done(.stopDevice) == [.control(.deleteDevice)])
        #expect(bench.done(.deleteDevice) == [.deviceDeleted, .takeWorker])
    }

    @Test func aTakenNumberIsSaid() {
        let bench = Bench().start(upTo: .adding)
        bench.send(.controlDone(.addDevice, result: -Errno.exists.rawValue, deviceID: nil))
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .idTaken)
        #expect(bench.visible.nextAttempt != nil)
    }

    /// Out of the configuration while ADD_DEV is under way: what an operator says meanwhile does not keep it.
    @Test func whatIsRemovedWhileItIsAddedGoes() {
        let bench = Bench().start(upTo: .adding)
        let worker = bench.serving
        bench.stop(remove: true)
        bench.stop()
        bench.send(.recover)
        bench.done(.addDevice)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.stopDevice)
        #expect(bench.done(.deleteDevice).contains(.removed))
    }

    /// Whoever is forgotten has nobody left who would take the end of its worker, or keep the next one from its backend.
    @Test func whatIsRemovedBeforeItIsAddedGoesAfterItsWorker() {
        let bench = Bench().start(upTo: .preparing)
        let worker = bench.serving
        bench.stop(remove: true)
        #expect(bench.state == .starting)
        bench.fire(.step)
        #expect(bench.visible.reason == .unkillable)
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.removed])
    }

    /// A worker of an abandoned start may still lock the backend: the next start waits for its end.
    @Test func theNextStartWaitsForTheLastWorker() {
        let bench = Bench().start(upTo: .preparing)
        let worker = bench.serving
        #expect(bench.stop() == [.kill(worker.id)])
        #expect(bench.state == .stopped)
        #expect(bench.acts(.start) == [])
        #expect(bench.fire(.step) == [])
        #expect(bench.visible.reason == .unkillable)
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: false)) == [.takeWorker])
        #expect(bench.visible.reason == .none)
    }

    /// A slow disk is no failure: preparing has its own time, ADD_DEV its own deadline.
    @Test func preparingAndAddingDoNotShareATimer() {
        let bench = Bench().start(upTo: .preparing)
        bench.wait(milliseconds: 19_900)
        bench.send(.workerPrepared(bench.serving.id, .sample))
        #expect(bench.timers[.step] == nil)
    }

    @Test func startsThatFailAreRepeatedWithGrowingDelaysUntilHeld() {
        let bench = Bench(settings: PolicySettings(restartBurst: 3, afterGivingUp: .hold))
        bench.send(.start)
        for failure in 1...4 {
            bench.send(.workerUnavailable(.missing))
            #expect(bench.state == (failure == 4 ? .held : .failed))
            bench.fire(.retry)
        }
        #expect(bench.state == .held)
        #expect(bench.visible.reason == .backingMissing)
        #expect(bench.acts(.start) == [.takeWorker])
        let errors = bench.logged.filter { $0.level == .error }
        #expect(errors.count == 1, "a crash loop says the same sentence once")
    }

    /// A kernel that cannot do it cannot do it later: nothing was sent to it, and nothing is tried again.
    @Test func aKernelThatCannotDoItIsNotAskedAgain() {
        let bench = Bench()
        bench.send(.start)
        bench.send(.workerUnavailable(Failure(.kernelUnrecoverable, "Linux 6.18.5 breaks: boot another")))
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .kernelUnrecoverable)
        #expect(bench.commands.isEmpty)
        #expect(bench.timers.isEmpty && bench.visible.nextAttempt == nil)
    }
}
