import BlockABI
import DevicePolicy
import Testing

/// The new worker dies, too: at every step, on every family of kernels.
struct DeathsInRecovery {
    @Test(arguments: Bench.Kernel.allCases, Bench.Milestone.allCases)
    func theNewWorkerDies(kernel: Bench.Kernel, milestone: Bench.Milestone) {
        guard milestone >= .preparing else { return }
        let bench = Bench(kernel).live()
        let worker = bench.recover(upTo: milestone)
        bench.acts(.workerDied(worker.id, .signalled(11), served: false))
        #expect(bench.state == .recovering)
        #expect(bench.visible.message.contains("signal 11"))

        let end = ControlStep.endUserRecovery(pid: worker.pid)
        switch milestone {
        case .preparing, .prepared:
            // It never saw the device: START is still the first one.
            #expect(bench.commands.last == .startUserRecovery(lazily: false))
            let next = bench.freshWorker()
            bench.send(.workerGiven(next))
            bench.send(.workerPrepared(next.id, .sample))
            #expect(bench.done(.startUserRecovery(lazily: false)).contains(.control(.end(next))))
        case .accepted:
            // END was sent, so this worker may have been attached: END is taken back before anything else.
            let before = bench.commands.count
            #expect(bench.commands.last == end)
            bench.done(end, -Errno.interrupted.rawValue)
            #expect(bench.commands.count == before + 1)
            expectRepeatedStart(bench, kernel)
        case .attached, .served:
            bench.done(end, -Errno.interrupted.rawValue)
            expectRepeatedStart(bench, kernel)
        case .verifying:
            // END was accepted: a new service had begun, and this is an ordinary death.
            #expect(bench.commands.last == .startUserRecovery(lazily: false))
            #expect(!bench.commands.contains(.filler))
        case .slotAsked, .workerAsked: break
        }
    }

    /// A repeated START without the filler breaks a classic kernel.
    private func expectRepeatedStart(_ bench: Bench, _ kernel: Bench.Kernel) {
        if kernel == .classic {
            #expect(bench.commands.last == .filler)
            bench.done(.filler)
        }
        #expect(bench.commands.last == .startUserRecovery(lazily: false))
        bench.done(.startUserRecovery(lazily: false))
        let worker = bench.freshWorker()
        bench.send(.workerGiven(worker))
        #expect(bench.acts(.workerPrepared(worker.id, .sample)).contains(.control(.end(worker))))
        bench.send(.controlSubmitted(.end(worker)))
        bench.send(.workerServing(worker.id))
        bench.done(.end(worker))
        bench.goLive(worker)
        #expect(bench.machine.isLive)
        #expect(bench.machine.recoveries == 1)
    }

    @Test func endIsCancelledWhenItsWorkerDies() {
        let bench = Bench(.classic).live()
        let worker = bench.recover(upTo: .attached)
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(9), served: false))
                .contains(.cancelControl(.end(worker))))
        #expect(bench.commands.last == .end(worker), "one command at a time")
    }

    /// An END that the kernel accepted although its worker died began a new service.
    @Test func anEndAcceptedTooLateMakesTheNextStartAFirstOne() {
        let bench = Bench(.classic).live()
        let worker = bench.recover(upTo: .served)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        bench.done(.end(worker))
        #expect(bench.commands.last == .startUserRecovery(lazily: false))
    }

    /// A worker that was told to go may still hold ublkcN and the backend.
    @Test(arguments: Bench.Kernel.allCases)
    func nothingBeginsBeforeARejectedWorkerIsGone(kernel: Bench.Kernel) {
        let bench = Bench(kernel).live()
        let worker = bench.recover(upTo: .attached)
        let commands = bench.commands
        // END goes first: a classic kernel would take the dead worker for a live one.
        #expect(bench.acts(.workerFailed(worker.id, .missing)) == [.cancelControl(.end(worker))])
        #expect(bench.done(.end(worker), -Errno.interrupted.rawValue).contains(.kill(worker.id)))
        #expect(bench.visible.reason == .backingMissing)
        bench.fire(.retry)
        #expect(bench.commands == commands, "no command and no worker while it lives")
        let next = bench.acts(.workerDied(worker.id, .signalled(9), served: false))
        #expect(next == [.requestSlot])
        #expect(bench.acts(.slotGranted).contains(.takeWorker))
    }

    @Test func aWorkerThatDoesNotDieIsNamedAndNeverDoubled() {
        let bench = Bench().live()
        let worker = bench.serving
        #expect(bench.acts(.recover) == [.kill(worker.id)])
        #expect(bench.fire(.step) == [])
        #expect(bench.state == .recovering)
        #expect(bench.visible.reason == .unkillable)
        #expect(bench.visible.message.contains("\(worker.pid)"))
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [.requestSlot])
        #expect(bench.visible.reason == .none, "it is gone, so there is nothing left to say")
    }

    /// A failed worker that does not leave by itself is killed; one that does not even die is not live.
    @Test func aFailedWorkerThatDoesNotDieIsNotCalledLiveForLong() {
        let bench = Bench().live()
        let worker = bench.serving
        #expect(bench.acts(.workerFailed(worker.id, .missing)) == [.kill(worker.id)])
        bench.fire(.step)
        #expect(bench.state == .recovering)
        bench.fire(.step)
        #expect(bench.visible.reason == .unkillable)
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [.requestSlot])
    }

    @Test func aWorkerThatDoesNotBeginToServeInTimeIsReplaced() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .attached)
        #expect(bench.fire(.step) == [.cancelControl(.end(worker))])
        #expect(bench.done(.end(worker), -Errno.interrupted.rawValue).contains(.kill(worker.id)))
        #expect(bench.visible.message.contains("did not begin to serve in time"))
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.fire(.retry) == [.requestSlot])
    }

    @Test func givingUpWaitsForTheLastWorkerToo() {
        let bench = Bench(settings: PolicySettings(restartBurst: 1, afterGivingUp: .fail)).live()
        bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
        let rejected = bench.goOn(upTo: .prepared)
        // One death too many: the worker that answers EIO is next, when this one is gone.
        let effects = bench.acts(.workerFailed(rejected.id, .missing))
        #expect(effects == [.kill(rejected.id), .releaseSlot])
        #expect(bench.acts(.workerDied(rejected.id, .signalled(9), served: false)) == [.requestSlot])
        bench.send(.slotGranted)
        let failing = bench.freshWorker()
        #expect(bench.acts(.workerGiven(failing)) == [.configure(failing.id, failing: true)])
    }
}

extension ControlStep {
    static func end(_ worker: WorkerRef) -> ControlStep { .endUserRecovery(pid: worker.pid) }
    static var start: ControlStep { .startUserRecovery(lazily: false) }
}
