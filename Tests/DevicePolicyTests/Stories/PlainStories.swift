import BlockABI
import DevicePolicy
import Testing

/// The days on which nothing goes wrong but a worker.
struct PlainStories {
    @Test(arguments: Bench.Kernel.allCases)
    func aPlainStart(kernel: Bench.Kernel) {
        let limit = kernel == .classic ? 128 : nil
        let bench = Bench(kernel, settings: PolicySettings(requestLimit: limit))
        let worker = WorkerRef.number(1)

        #expect(bench.acts(.start) == [.takeWorker])
        #expect(bench.state == .starting)
        #expect(bench.acts(.workerGiven(worker)) == [.configure(worker.id, failing: false)])
        #expect(bench.acts(.workerPrepared(worker.id, .sample)) == [.control(.addDevice)])
        #expect(bench.done(.addDevice) == [.deviceAdded(Bench.device), .control(.setParameters)])
        #expect(bench.machine.deviceID == Bench.device)
        #expect(
            bench.done(.setParameters)
                == [.attach(worker.id, device: Bench.device, fetchNow: false)])
        // START_DEV is with the kernel before the worker fetches.
        let start = ControlStep.startDevice(pid: worker.pid)
        #expect(bench.acts(.workerAttached(worker.id)) == [.control(start)])
        #expect(bench.acts(.controlSubmitted(start)) == [.fetch(worker.id)])
        #expect(bench.acts(.workerServing(worker.id)) == [])
        if limit != nil {
            #expect(bench.done(start) == [.control(.limitRequests)])
            #expect(bench.done(.limitRequests) == [.probe(worker.id), .queryDevice])
        } else {
            #expect(bench.done(start) == [.probe(worker.id), .queryDevice])
        }
        #expect(bench.state == .starting, "LIVE is not believed before both have answered")
        #expect(bench.acts(.probeAnswered(worker.id)) == [])
        #expect(bench.acts(.deviceInfo(.live, pid: worker.pid)) == [.becameLive(recovery: nil)])
        #expect(bench.state == .live)
        #expect(bench.machine.attempted)
        #expect(bench.machine.worker == worker)
        #expect(bench.timers.isEmpty, "nothing is left to wait for")
        #expect(bench.machine.recoveries == 0)
    }

    @Test func startMayBeAnsweredBeforeTheWorkerSaysThatItServes() {
        let bench = Bench().start(upTo: .fetching(served: false, started: true))
        let worker = bench.serving
        #expect(bench.acts(.workerServing(worker.id)) == [.probe(worker.id), .queryDevice])
        #expect(bench.acts(.deviceInfo(.dead, pid: 0)) == [])
        #expect(bench.acts(.probeAnswered(worker.id)) == [])
        #expect(bench.fire(.verify) == [.queryDevice], "it looks again until the kernel says LIVE")
        bench.send(.deviceInfo(.live, pid: worker.pid))
        #expect(bench.state == .live)
    }

    @Test(arguments: Bench.Kernel.allCases)
    func aPlainRecovery(kernel: Bench.Kernel) throws {
        let bench = Bench(kernel).live()
        let killed = bench.serving
        let worker = WorkerRef.number(2)
        bench.wait(milliseconds: 50)

        #expect(bench.acts(.workerDied(killed.id, .signalled(9), served: true)) == [.requestSlot])
        #expect(bench.state == .recovering)
        // The spare worker prepares while START is repeated until the kernel has let go of the dead one.
        #expect(
            bench.acts(.slotGranted) == [.takeWorker, .control(.startUserRecovery(lazily: false))])
        #expect(bench.acts(.workerGiven(worker)) == [.configure(worker.id, failing: false)])
        #expect(bench.acts(.workerPrepared(worker.id, .sample)) == [])
        bench.wait(milliseconds: 30)
        let end = ControlStep.endUserRecovery(pid: worker.pid)
        #expect(bench.done(.startUserRecovery(lazily: false)) == [.control(end)])
        #expect(
            bench.acts(.controlSubmitted(end))
                == [.attach(worker.id, device: Bench.device, fetchNow: true)],
            "END sleeps in the kernel before the worker may fetch")
        #expect(bench.acts(.workerServing(worker.id)) == [.probe(worker.id)], "END need not be over for that")
        #expect(bench.done(end) == [.queryDevice])
        #expect(bench.state == .recovering)
        bench.send(.deviceInfo(.live, pid: worker.pid))
        let last = bench.acts(.probeAnswered(worker.id))
        #expect(last.first == .releaseSlot)
        #expect(bench.state == .live)
        #expect(bench.machine.worker == worker)
        #expect(bench.timers.isEmpty)
        #expect(bench.machine.recoveries == 1)
        let record = try #require(bench.machine.lastRecovery)
        #expect(record.cause == .death(.signalled(9)))
        #expect(record.live?.milliseconds(since: record.detected) == 30)
        #expect(last.contains(.becameLive(recovery: record)))
        #expect(
            bench.logged.contains { $0.level == .notice && $0.text.contains("recovered in 30 ms") },
            "the journal says what it took")
    }

    /// END may only follow an accepted START, however the rest is ordered.
    @Test func theWorkerMayBeSlowerThanTheKernel() {
        let bench = Bench().live()
        bench.recover(upTo: .workerAsked)
        #expect(bench.done(.startUserRecovery(lazily: false)) == [])
        let worker = WorkerRef.number(9)
        bench.send(.workerGiven(worker))
        #expect(
            bench.acts(.workerPrepared(worker.id, .sample))
                == [.control(.endUserRecovery(pid: worker.pid))])
    }

    @Test func severalRecoveriesInARow() {
        let bench = Bench().live()
        for round in 1...30 {
            bench.wait(milliseconds: 100)
            let worker = bench.recover(upTo: .verifying)
            bench.goLive(worker)
            #expect(bench.machine.isLive)
            #expect(bench.machine.recoveries == UInt64(round))
        }
        #expect(bench.commands.filter { $0 == .filler }.isEmpty, "the first START of a recovery needs none")
    }

    @Test func anIdleDeviceThatLivedTenSecondsRecoversAtOnce() {
        let bench = Bench().live()
        for _ in 0..<20 {
            bench.wait(milliseconds: 10_000)
            #expect(
                bench.acts(.workerDied(bench.serving.id, .signalled(11), served: false)) == [.requestSlot])
            bench.goLive(bench.goOn(upTo: .verifying))
        }
        #expect(bench.state == .live)
    }
}
