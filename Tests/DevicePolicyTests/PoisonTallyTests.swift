import BlockABI
import DevicePolicy
import Testing

/// The request that kills its workers.
struct PoisonTallyTests {
    private static func write(_ sector: UInt64) -> RequestKey { RequestKey(.write, sector: sector) }

    @Test func threeDeathsInARowWithOneRequest() {
        var tally = PoisonTally()
        #expect(tally.died(with: [Self.write(8), Self.write(16)]) == nil)
        #expect(tally.died(with: [Self.write(16), Self.write(24)]) == nil)
        #expect(tally.died(with: [Self.write(16), Self.write(8)]) == Self.write(16))
    }

    @Test func aDeathWithoutItEndsTheRow() {
        var tally = PoisonTally()
        for _ in 0..<2 { #expect(tally.died(with: [Self.write(8)]) == nil) }
        #expect(tally.died(with: []) == nil)
        for _ in 0..<2 { #expect(tally.died(with: [Self.write(8)]) == nil) }
        #expect(tally.died(with: [Self.write(8)]) == Self.write(8))
    }

    @Test(arguments: [
        (RequestKey(.write, sector: 0), "WRITE at sector 0"),
        (RequestKey(.read, sector: 1 << 50), "READ at sector 1125899906842624"),
        (RequestKey(.flush, sector: .max), "FLUSH"),
        (RequestKey(.discard, sector: 2048), "DISCARD at sector 2048"),
    ])
    func requestsHaveWords(request: RequestKey, words: String) {
        #expect(request.description == words)
        #expect(request.rawValue != 0)
    }

    /// A worker that dies with the same request again and again; what kills from outside tells nothing of it.
    @Test(arguments: [(DeathCause.signalled(11), true), (.exited(3), true), (.signalled(9), false)])
    func aPoisonedDeviceIsGivenUp(cause: DeathCause, isPoison: Bool) {
        let bench = Bench(settings: PolicySettings(restartBurst: 20, afterGivingUp: .hold)).live()
        for death in 1...3 {
            let worker = bench.serving
            bench.send(.diedWith(worker.id, [Self.write(2048)]))
            bench.send(.workerDied(worker.id, cause, served: true))
            if death < 3 { bench.goLive(bench.goOn(upTo: .verifying)) }
        }
        #expect(bench.state == (isPoison ? .held : .recovering))
        #expect(bench.visible.reason == (isPoison ? .poison : .none))
        guard isPoison else { return }
        #expect(bench.visible.message.contains("WRITE at sector 2048"))
        bench.send(.recover)
        #expect(bench.state == .recovering, "an operator may try again")
    }

    /// A request that is nearly always under way, such as a FLUSH, is with every worker that dies, for whatever reason.
    @Test(arguments: [(10_000, true), (20_001, false)] as [(UInt64, Bool)])
    func aRequestThatAWorkerLivedLongWithIsNoPoison(lives: UInt64, isPoison: Bool) {
        let bench = Bench(settings: PolicySettings(restartBurst: 20, afterGivingUp: .hold)).live()
        for death in 1...3 {
            let worker = bench.serving
            bench.wait(milliseconds: lives)
            bench.send(.diedWith(worker.id, [RequestKey(.flush, sector: 0)]))
            bench.send(.workerDied(worker.id, .signalled(11), served: true))
            if death < 3 { bench.goLive(bench.goOn(upTo: .verifying)) }
        }
        #expect(bench.state == (isPoison ? .held : .recovering))
    }
}
