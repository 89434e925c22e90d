import BlockABI
import DevicePolicy
import Testing

/// One worker hands a live device over to the next.
struct HandOverStories {
    private static let new = WorkerRef.number(50)

    /// LIVE, asked to hand over; the new worker is ready.
    private static func ready(_ kernel: Bench.Kernel = .modern, upgrade: Bool = true) -> Bench {
        let bench = Bench(kernel).live()
        #expect(bench.acts(upgrade ? .upgrade : .replaceWorker) == [upgrade ? .takeNewProgram : .takeWorker])
        #expect(bench.acts(.workerGiven(new)) == [.configureBeside(new.id)])
        #expect(bench.state == .live, "nothing has happened yet")
        return bench
    }

    /// From there to a LIVE device that the new worker serves.
    private static func finish(_ bench: Bench) {
        let old = bench.serving
        #expect(bench.acts(.workerReady(new.id)) == [.control(.quiesceDevice)])
        #expect(bench.done(.quiesceDevice) == [])
        #expect(bench.acts(.workerDied(old.id, .exited(0), served: true)) == [.requestSlot])
        #expect(
            bench.acts(.slotGranted) == [.admit(new.id), .control(.startUserRecovery(lazily: false))])
        bench.send(.workerPrepared(new.id, .sample))
        bench.done(.startUserRecovery(lazily: false))
        bench.send(.controlSubmitted(.endUserRecovery(pid: new.pid)))
        bench.send(.workerServing(new.id))
        bench.done(.endUserRecovery(pid: new.pid))
        bench.goLive(new)
        #expect(bench.machine.worker == new)
        #expect(bench.machine.lastRecovery?.cause == .upgrade)
    }

    /// A reload finds a worker on its way that has the former configuration: it is replaced once it serves.
    @Test func aWorkerOnItsWayIsReplacedOnceItServes() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .prepared)
        #expect(bench.acts(.replaceWorker) == [])
        bench.done(.startUserRecovery(lazily: false))
        bench.send(.controlSubmitted(.endUserRecovery(pid: worker.pid)))
        bench.send(.workerServing(worker.id))
        bench.done(.endUserRecovery(pid: worker.pid))
        bench.goLive(worker)
        #expect(bench.machine.isHandingOver)
    }

    /// One that is only asked for is given the new configuration.
    @Test func aWorkerThatIsYetToComeIsNotReplaced() {
        let bench = Bench().live()
        bench.recover(upTo: .workerAsked)
        #expect(bench.acts(.replaceWorker) == [])
        bench.goLive(bench.newWorker(upTo: .verifying))
        #expect(bench.machine.isLive && !bench.machine.isHandingOver)
    }

    /// Neither a command under way nor another hand-over makes it forget.
    @Test func aReloadIsNotLostBesideSomethingElse() {
        let growing = Bench().live()
        growing.send(.grow(bytes: 2 << 30))
        #expect(growing.acts(.replaceWorker) == [])
        #expect(growing.done(.updateSize(bytes: 2 << 30)).contains(.takeWorker))

        let bench = Self.ready(upgrade: false)
        bench.send(.replaceWorker)
        Self.finish(bench)
        #expect(bench.machine.isHandingOver, "the new worker was configured before")
        bench.send(.workerUnavailable(.missing))
        #expect(!bench.machine.isHandingOver, "and not again without end")
    }

    /// A program is proven first: it is not replaced while it is on trial.
    @Test func aReloadWaitsForTheEndOfATrial() {
        let bench = Self.ready()
        bench.send(.replaceWorker)
        Self.finish(bench)
        #expect(!bench.machine.isHandingOver)
        #expect(Self.look(bench, hasServed: true) == [.programProven, .handOverEnded(nil), .takeWorker])
    }

    /// A stop that the kernel refuses has broken off what a reload wanted.
    @Test func aRefusedStopDoesNotEndAReload() {
        let bench = Self.ready(upgrade: false)
        bench.stop()
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue).contains(.takeWorker))
    }

    /// A user whom nobody sees loses nothing by a look for the last close.
    @Test func aTryDoesNotBreakIntoAHandOver() {
        let bench = Self.ready()
        bench.send(.stop(remove: true, force: false, isOpen: true))
        #expect(bench.acts(.closed) == [])
        Self.finish(bench)
    }

    private static func look(_ bench: Bench, inflight: Int = 0, hasServed: Bool) -> [DeviceEffect] {
        let sample = QueueSample(inflight: 0, completed: 0, answeredProbe: true)
        return bench.acts(.looked([sample], diskInflight: inflight, hasServed: hasServed))
    }

    @Test func theNewProgramIsProvenByItsFirstRequest() {
        let bench = Self.ready()
        Self.finish(bench)
        #expect(Self.look(bench, inflight: 1, hasServed: false) == [])
        #expect(Self.look(bench, hasServed: true) == [.programProven, .handOverEnded(nil)])
        #expect(Self.look(bench, hasServed: true) == [], "once")
    }

    /// Where its requests would fail with it, the old worker gets the time that they take; not so if it hangs.
    @Test(arguments: [true, false]) func aWorkerWithRequestsLeavesWhenTheyAreOver(hangs: Bool) {
        let bench = Bench(settings: PolicySettings(reissues: false)).live()
        let old = bench.serving
        bench.send(.replaceWorker)
        bench.send(.workerGiven(Self.new))
        bench.send(.workerReady(Self.new.id))
        bench.done(.quiesceDevice)
        for _ in 0..<5 { #expect(bench.fire(.step) == []) }
        guard hangs else {
            #expect(bench.acts(.workerDied(old.id, .exited(0), served: true)) == [.requestSlot])
            return
        }
        let stuck = QueueSample(inflight: 3, completed: 7, answeredProbe: false)
        var done: [DeviceEffect] = []
        for _ in 0..<40 where !done.contains(.kill(old.id)) {
            bench.wait(milliseconds: 500)
            done = bench.acts(.looked([stuck], diskInflight: 3, hasServed: true))
        }
        #expect(done.contains(.kill(old.id)))
    }

    /// The driver takes the slots back before it waits: a worker that stayed would get no request any more.
    @Test(arguments: [Errno.interrupted, .canceled, .busy]) func aHandOverThatBeganIsCarriedThrough(
        errno: Errno
    ) {
        let bench = Self.ready(upgrade: false)
        let old = bench.serving
        bench.send(.workerReady(Self.new.id))
        #expect(
            bench.acts(.controlDone(.quiesceDevice, result: -errno.rawValue, deviceID: nil)).contains(
                .kill(old.id)))
        #expect(bench.state == .recovering)
        bench.send(.workerDied(old.id, .signalled(9), served: true))
        #expect(bench.acts(.slotGranted).contains(.admit(Self.new.id)))
    }

    @Test func oneThatTheKernelRefusesChangesNothing() {
        let bench = Self.ready(upgrade: false)
        let old = bench.serving
        bench.send(.workerReady(Self.new.id))
        bench.send(.controlDone(.quiesceDevice, result: -Errno.notSupported.rawValue, deviceID: nil))
        #expect(bench.state == .live)
        #expect(bench.machine.worker == old)
    }

    /// Where requests would fail with the old worker it is ended once it has none.
    @Test func aWorkerThatWasNotToldToLeaveIsEndedWhenItHasNothing() {
        let bench = Bench(settings: PolicySettings(reissues: false)).live()
        let old = bench.serving
        bench.send(.replaceWorker)
        bench.send(.workerGiven(Self.new))
        bench.send(.workerReady(Self.new.id))
        bench.send(.controlDone(.quiesceDevice, result: -Errno.interrupted.rawValue, deviceID: nil))
        #expect(bench.fire(.step) == [])
        let busy = QueueSample(inflight: 2, completed: 7, answeredProbe: true)
        #expect(bench.acts(.looked([busy], diskInflight: 2, hasServed: true)) == [])
        let idle = QueueSample(inflight: 0, completed: 9, answeredProbe: true)
        #expect(bench.acts(.looked([idle], diskInflight: 0, hasServed: true)) == [.kill(old.id)])
    }

    /// What waits in a queue without a backend would fail with the old worker.
    @Test(arguments: [true, false]) func aQueueThatWaitsIsNotHandedOver(reissues: Bool) {
        let bench = Bench(settings: PolicySettings(reissues: reissues)).live()
        bench.send(.queueNeedsBackend(bench.serving.id, queue: 0, .stale))
        bench.send(.replaceWorker)
        bench.send(.workerGiven(Self.new))
        let effects = bench.acts(.workerReady(Self.new.id))
        #expect(effects.contains(.control(.quiesceDevice)) == reissues)
        #expect(effects.contains(.kill(Self.new.id)) == !reissues)
    }

    @Test func aWorkerIsNotWaitedForWhereItsRequestsAreIssuedAgain() {
        let bench = Self.ready(upgrade: false)
        let old = bench.serving
        bench.send(.workerReady(Self.new.id))
        bench.done(.quiesceDevice)
        #expect(bench.fire(.step) == [.kill(old.id)])
    }

    @Test func withoutIOItServesButProvesNothing() {
        let bench = Self.ready()
        Self.finish(bench)
        #expect(Self.look(bench, hasServed: false) == [])
        bench.wait(milliseconds: 1_000)
        #expect(Self.look(bench, hasServed: false) == [.handOverEnded(nil)])
        bench.wait(milliseconds: 60_000)
        let worker = bench.serving
        #expect(
            bench.acts(.workerDied(worker.id, .signalled(11), served: false))
                == [.rollBackProgram, .requestSlot], "its first request killed it an hour later")
    }

    @Test func aProgramThatDiesAtItsFirstRequestIsRolledBackAtOnce() {
        let bench = Self.ready()
        Self.finish(bench)
        let effects = bench.acts(.workerDied(Self.new.id, .signalled(11), served: false))
        #expect(effects.first == .rollBackProgram)
        guard case .handOverEnded(let failure?) = effects[1] else {
            Issue.record("\(effects)")
            return
        }
        #expect(failure.message.contains("former one is used again"))
        #expect(bench.remaining(.retry) == nil, "no delay")
        #expect(bench.acts(.slotGranted).contains(.takeWorker))
    }

    @Test func aNewWorkerThatIsNotReadyChangesNothing() {
        for event: DeviceEvent in [
            .workerFailed(Self.new.id, .missing), .workerDied(Self.new.id, .exited(1), served: false),
            .timer(.step),
        ] {
            let bench = Self.ready()
            let old = bench.serving
            let effects = bench.acts(event)
            #expect(effects.contains(.rollBackProgram))
            #expect(effects.contains { if case .handOverEnded(.some) = $0 { true } else { false } })
            #expect(bench.state == .live)
            #expect(bench.machine.worker == old)
        }
    }

    @Test func withoutAProgramNothingBegins() {
        let bench = Bench().live()
        bench.send(.upgrade)
        #expect(bench.acts(.workerUnavailable(.missing)) == [.rollBackProgram, .handOverEnded(.missing)])
        #expect(bench.state == .live)
    }

    @Test func aNewWorkerThatDiesWhileTheOldLeavesIsReplacedByTheFormerProgram() {
        let bench = Self.ready()
        let old = bench.serving
        bench.send(.workerReady(Self.new.id))
        bench.send(.workerDied(Self.new.id, .exited(1), served: false))
        bench.done(.quiesceDevice)
        let effects = bench.acts(.workerDied(old.id, .exited(0), served: true))
        #expect(effects.contains(.rollBackProgram))
        #expect(bench.acts(.slotGranted).contains(.takeWorker))
    }

    @Test func aNewWorkerThatDiesInTheRecoveryToo() {
        let bench = Self.ready()
        let old = bench.serving
        bench.send(.workerReady(Self.new.id))
        bench.done(.quiesceDevice)
        bench.send(.workerDied(old.id, .exited(0), served: true))
        bench.send(.slotGranted)
        let effects = bench.acts(.workerDied(Self.new.id, .signalled(11), served: false))
        #expect(effects.contains(.rollBackProgram))
        #expect(effects.contains(.takeWorker), "at once")
    }

    @Test func anOldWorkerThatDiesMeanwhileIsRecovered() {
        let bench = Self.ready()
        let old = bench.serving
        let effects = bench.acts(.workerDied(old.id, .signalled(9), served: true))
        #expect(effects.contains(.kill(Self.new.id)))
        #expect(bench.state == .recovering)
    }

    @Test func whereTheKernelCannotQuiesceTheOldOneIsKilled() {
        let bench = Self.ready(.classic)
        let old = bench.serving
        #expect(bench.acts(.workerReady(Self.new.id)) == [.kill(old.id)])
        #expect(bench.acts(.workerDied(old.id, .signalled(9), served: true)) == [.requestSlot])
        #expect(bench.acts(.slotGranted).contains(.admit(Self.new.id)), "only once the old one is gone")
    }

    @Test func aReloadHandsOverWithTheProgramInUse() {
        let bench = Self.ready(upgrade: false)
        Self.finish(bench)
        #expect(Self.look(bench, hasServed: true) == [])
    }

    @Test func aStopEndsIt() {
        let bench = Self.ready()
        let effects = bench.stop()
        #expect(effects.contains(.kill(Self.new.id)))
        #expect(effects.contains { if case .handOverEnded(.some) = $0 { true } else { false } })
        #expect(bench.state == .stopping)
    }
}
