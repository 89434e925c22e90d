import BlockABI
import DevicePolicy
import Testing

/// What happens to single queues while their device stays live.
struct QueueStories {
    private let bench = Bench().live()
    private var worker: WorkerRef { bench.serving }
    private let missing = Failure(.backingMissing, "/srv/data.img is not there: put it back")

    @Test func anOperatorRecoversTwoQueues() {
        #expect(bench.acts(.recoverQueues([0, 1])) == [.openBackend(queue: 0), .openBackend(queue: 1)])
        #expect(bench.state == .degraded)
        #expect(bench.acts(.backendOpened(queue: 1)) == [.recoverQueue(worker.id, queue: 1)])
        #expect(bench.acts(.backendOpened(queue: 0)) == [.recoverQueue(worker.id, queue: 0)])
        bench.wait(milliseconds: 7)
        #expect(bench.acts(.queueRecovered(worker.id, queue: 1)) == [.queueRecovered(1)])
        #expect(bench.state == .degraded)
        #expect(bench.acts(.queueRecovered(worker.id, queue: 0)) == [.queueRecovered(0)])
        #expect(bench.state == .live)
        #expect(bench.machine.worker == worker, "the worker is the same")
        #expect(bench.machine.recoveries == 0, "and was not recovered")
        #expect(bench.machine.lastRecovery?.scope == .queue)
        #expect(bench.machine.lastRecovery?.cause == .operatorAsked)
    }

    @Test func aQueueWhoseBackendFailsGetsANewOne() {
        #expect(bench.acts(.queueNeedsBackend(worker.id, queue: 1, .stale)) == [.openBackend(queue: 1)])
        #expect(bench.acts(.backendOpened(queue: 1)) == [.recoverQueue(worker.id, queue: 1)])
        bench.send(.queueRecovered(worker.id, queue: 1))
        #expect(bench.state == .live)
        #expect(bench.machine.lastRecovery?.cause == .backend)
    }

    @Test func aRequestThatIsTooOldIsAStallOfItsQueue() {
        bench.send(.queueNeedsBackend(worker.id, queue: 0, .timedOut))
        bench.send(.backendOpened(queue: 0))
        bench.send(.queueRecovered(worker.id, queue: 0))
        #expect(bench.machine.lastRecovery?.cause == .stall)
        #expect(bench.machine.lastRecovery?.scope == .queue)
    }

    @Test func withoutABackendRequestsFailUntilThereIsOne() {
        bench.send(.queueNeedsBackend(worker.id, queue: 1, .noSuchDevice))
        #expect(
            bench.acts(.backendNotOpened(queue: 1, missing, .noSuchFile))
                == [.queueNotRecovered(1, missing), .giveUpQueue(worker.id, queue: 1, .noSuchFile)])
        #expect(bench.state == .degraded)
        #expect(bench.visible.reason == .backingMissing)
        #expect(bench.remaining(.repair) != nil)
        #expect(bench.fire(.repair) == [.openBackend(queue: 1)])
        #expect(
            bench.acts(.backendNotOpened(queue: 1, missing, .noSuchFile)) == [.queueNotRecovered(1, missing)])
        #expect(bench.fire(.repair) == [.openBackend(queue: 1)])
        #expect(bench.acts(.backendOpened(queue: 1)) == [.recoverQueue(worker.id, queue: 1)])
        bench.send(.queueRecovered(worker.id, queue: 1))
        #expect(bench.state == .live)
    }

    /// Nobody could look: that is no word on the backend, so nothing fails for it.
    @Test(arguments: [Errno.interrupted, .timedOut, .tryAgain, .noMemory, .tooManyFiles])
    func whereNobodyCouldLookRequestsWait(errno: Errno) {
        bench.send(.queueNeedsBackend(worker.id, queue: 1, .timedOut))
        let failure = Failure(.backingError, "/srv/data.img cannot be opened")
        #expect(
            bench.acts(.backendNotOpened(queue: 1, failure, errno)) == [.queueNotRecovered(1, failure)])
        #expect(bench.state == .degraded)
        #expect(bench.visible.message.contains("cannot be opened"))
        #expect(bench.fire(.repair) == [.openBackend(queue: 1)])
        #expect(bench.acts(.backendOpened(queue: 1)) == [.recoverQueue(worker.id, queue: 1)])
    }

    @Test func aBackendThatWasMissingStaysSoWhereNobodyCouldLook() {
        bench.send(.queueNeedsBackend(worker.id, queue: 1, .noSuchDevice))
        bench.send(.backendNotOpened(queue: 1, missing, .noSuchFile))
        bench.fire(.repair)
        bench.send(.backendNotOpened(queue: 1, Failure(.backingError, "no agent"), .tryAgain))
        #expect(bench.visible.message.contains("its requests fail"))
        #expect(bench.remaining(.repair) != nil)
    }

    /// What a queue told before its device was live is found at the first look.
    @Test func aQueueThatNeededItsBackendBeforeIsNotForgotten() {
        let bench = Bench().live()
        let sample = QueueSample(inflight: 1, completed: 0, answeredProbe: true, recovery: .recovering)
        #expect(
            bench.acts(.looked([sample], diskInflight: 1, hasServed: true)).contains(.openBackend(queue: 0)))
    }

    @Test func aBackendThatFailsAgainAtOnceIsTriedLater() {
        bench.send(.queueNeedsBackend(worker.id, queue: 0, .stale))
        bench.send(.backendOpened(queue: 0))
        #expect(bench.acts(.queueNeedsBackend(worker.id, queue: 0, .stale)) == [])
        #expect(bench.remaining(.repair) != nil)
        #expect(bench.fire(.repair) == [.openBackend(queue: 0)])
    }

    @Test func aWishThatCannotBeMetChangesNothing() {
        bench.send(.recoverQueues([0]))
        #expect(
            bench.acts(.backendNotOpened(queue: 0, missing, .noSuchFile)) == [.queueNotRecovered(0, missing)])
        #expect(bench.state == .live)
    }

    @Test func aQueueThatCannotGoOnTakesItsWorkerWithIt() {
        bench.send(.queueNeedsBackend(worker.id, queue: 0, .stale))
        bench.send(.backendOpened(queue: 0))
        #expect(bench.acts(.queueNotRecovered(worker.id, queue: 0, .badDescriptor)).first == .kill(worker.id))
        #expect(bench.state == .recovering)
    }

    @Test func aStalledThreadIsReplacedWithItsWorker() {
        let stuck = QueueSample(inflight: 3, completed: 7, answeredProbe: false)
        var done: [DeviceEffect] = []
        for _ in 0..<40 where done != [.kill(worker.id)] {
            bench.wait(milliseconds: 500)
            done = bench.acts(.looked([stuck], diskInflight: 3, hasServed: true))
            #expect(done == [] || done == [.probeQueues(worker.id)] || done == [.kill(worker.id)])
        }
        #expect(done == [.kill(worker.id)])
        #expect(bench.state == .degraded)
        bench.send(.workerDied(worker.id, .signalled(9), served: true))
        #expect(bench.state == .recovering)
        guard case .recovering(let recovering) = bench.machine.phase else { return }
        #expect(recovering.record.cause == .stall)
    }

    /// How long a killed worker takes to die changes nothing of who decides whether it is recovered.
    @Test(arguments: [false, true])
    func aStalledWorkerThatDiesLateIsLeftToTheOperator(isLate: Bool) {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        let worker = bench.serving
        let stuck = QueueSample(inflight: 3, completed: 7, answeredProbe: false)
        for _ in 0..<40 where bench.state == .live {
            bench.wait(milliseconds: 500)
            bench.send(.looked([stuck], diskInflight: 3, hasServed: true))
        }
        #expect(bench.state == .degraded)
        if isLate { bench.fire(.step) }
        #expect(bench.acts(.workerDied(worker.id, .signalled(9), served: true)) == [])
        #expect(bench.state == .held)
        #expect(bench.acts(.recover) == [.requestSlot])
    }

    @Test func aWorkerThatLostAThreadSaysSo() {
        bench.send(.workerDied(worker.id, .exited(WorkerExit.threadEnded), served: true))
        guard case .recovering(let recovering) = bench.machine.phase else {
            Issue.record("not recovering")
            return
        }
        #expect(recovering.record.cause == .threadEnded)
    }
}
