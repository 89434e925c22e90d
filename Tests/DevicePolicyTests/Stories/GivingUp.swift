import BlockABI
import DevicePolicy
import Testing

/// More deaths than are borne, and what a crash loop may cost the others.
struct GivingUp {
    private func loop(_ settings: PolicySettings, _ kernel: Bench.Kernel = .modern) -> Bench {
        let bench = Bench(kernel, settings: settings).live()
        for death in 0...settings.restartBurst {
            bench.wait(milliseconds: 10)
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            guard death < settings.restartBurst else { break }
            if bench.timers[.retry] != nil { bench.fire(.retry) }
            bench.goLive(bench.goOn(upTo: .verifying))
        }
        return bench
    }

    @Test func deathsWithoutServiceWaitLongerAndLonger() throws {
        let bench = Bench().live()
        var waits: [UInt64] = []
        for _ in 0..<5 {
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            waits.append(bench.remaining(.retry) ?? 0)
            #expect(bench.state == .recovering)
            #expect((bench.visible.nextAttempt == nil) == (waits.last == 0))
            if bench.timers[.retry] != nil { bench.fire(.retry) }
            bench.goLive(bench.goOn(upTo: .verifying))
        }
        for (wait, wanted) in zip(waits, [0, 100, 200, 400, 800]) {
            #expect(Double(wait) >= Double(wanted) * 0.79 && Double(wait) <= Double(wanted) * 1.21)
        }
    }

    @Test func retryGoesOnAtTheLongestDelay() throws {
        let bench = loop(PolicySettings())
        #expect(bench.state == .failed)
        let lost = bench.now
        #expect(bench.visible.reason == .crashLoop)
        let wait = try #require(bench.remaining(.retry))
        #expect(wait >= 8_000 && wait <= 12_000)
        #expect(bench.visible.nextAttempt == bench.timers[.retry])
        #expect(bench.fire(.retry) == [.requestSlot])
        #expect(bench.state == .recovering)
        #expect(bench.visible.reason == .crashLoop, "as long as there is nothing newer to say")
        bench.goLive(bench.goOn(upTo: .verifying))
        #expect(bench.machine.isLive)
        #expect(bench.visible.reason == .none)
        #expect(bench.machine.lastRecovery?.detected == lost, "its I/O waited since then")
    }

    @Test func holdWaitsForAnOperator() {
        let bench = loop(PolicySettings(afterGivingUp: .hold))
        #expect(bench.state == .held)
        #expect(bench.timers.isEmpty)
        #expect(bench.acts(.timer(.retry)) == [])
        #expect(bench.acts(.recover) == [.requestSlot])
        bench.goLive(bench.goOn(upTo: .verifying))
        #expect(bench.state == .live)
        // The count began anew: the next death is recovered at once.
        #expect(bench.acts(.workerDied(bench.serving.id, .signalled(11), served: false)) == [.requestSlot])
    }

    @Test func failAnswersEveryRequestUntilAnOperatorRecovers() {
        let bench = loop(PolicySettings(afterGivingUp: .fail))
        #expect(bench.state == .recovering)
        bench.send(.slotGranted)
        let failing = bench.freshWorker()
        #expect(bench.acts(.workerGiven(failing)).contains(.configure(failing.id, failing: true)))
        bench.send(.workerPrepared(failing.id, BackendFacts(size: 4096)))
        bench.done(.start)
        bench.send(.controlSubmitted(.end(failing)))
        bench.send(.workerServing(failing.id))
        bench.done(.end(failing))
        bench.goLive(failing)
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .crashLoop)
        #expect(!bench.machine.isLive)

        #expect(bench.acts(.recover) == [.kill(failing.id)])
        bench.send(.workerDied(failing.id, .signalled(9), served: true))
        bench.send(.slotGranted)
        let real = bench.freshWorker()
        #expect(bench.acts(.workerGiven(real)).contains(.configure(real.id, failing: false)))
    }

    /// A failing device whose stop is refused goes on failing, and does not pretend to serve.
    @Test func aRefusedStopLeavesAFailingDeviceFailing() {
        let bench = loop(PolicySettings(afterGivingUp: .fail))
        bench.goLive(bench.goOn(upTo: .verifying))
        #expect(bench.state == .failed)
        #expect(bench.stop() == [.control(.tryStopDevice)])
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused])
        #expect(bench.state == .failed)
    }

    /// Nobody was seen to use it, and the kernel knows better: its users' I/O goes on waiting, and an operator is still
    /// waited for.
    @Test func aRefusedStopLeavesAHeldDeviceHeld() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        #expect(bench.stop() == [.control(.tryStopDevice)])
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused])
        #expect(bench.state == .held)
        #expect(bench.acts(.recover) == [.requestSlot])
    }

    /// It died while the kernel was asked whether somebody uses it.
    @Test func aRefusedStopOfOneThatDiedMeanwhileIsLeftToTheOperator() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        #expect(bench.stop() == [.control(.tryStopDevice)])
        bench.send(.workerDied(bench.serving.id, .signalled(9), served: true))
        #expect(bench.done(.tryStopDevice, -Errno.busy.rawValue) == [.stopRefused])
        #expect(bench.state == .held)
        #expect(bench.acts(.recover) == [.requestSlot])
    }

    @Test func aBurstOfZeroRecoversNothingByItself() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0)).live()
        #expect(bench.acts(.workerDied(bench.serving.id, .signalled(9), served: true)) == [])
        #expect(bench.state == .held)
        #expect(bench.visible.reason == .operatorAsked)
        #expect(bench.acts(.recover) == [.requestSlot])
        let worker = bench.goOn(upTo: .prepared)
        bench.send(.workerDied(worker.id, .signalled(9), served: false))
        #expect(bench.state == .held, "the operator asked once, not for a loop")
        #expect(bench.timers[.retry] == nil)
    }

    @Test func aBurstOfZeroRecoversNothingThatIsAdoptedEither() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0))
        #expect(bench.acts(.adopt(.dead(.live))) == [.deviceAdded(Bench.device)])
        #expect(bench.state == .held)
        #expect(bench.machine.attempted)
    }

    /// What START_USER_RECOVERY did before giving up must not be forgotten: on a classic kernel the next
    /// one is answered with EINVAL, which would look like a device that cannot be recovered.
    @Test(arguments: [0, -Errno.interrupted.rawValue], [false, true])
    func anAcceptedStartIsRememberedWhenGivingUp(answer: Int32, answeredLate: Bool) {
        let bench = Bench(.classic, settings: PolicySettings(restartBurst: 1)).live()
        bench.recover(upTo: .workerAsked)
        if !answeredLate { bench.done(.start) }
        for _ in 0..<2 {
            bench.send(.workerUnavailable(.missing))
            if bench.state == .recovering {
                bench.fire(.retry)
                bench.send(.slotGranted)
            }
        }
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .backingMissing)
        // Interrupted, it may have been accepted all the same.
        if answeredLate { bench.done(.start, answer) }
        bench.fire(.retry)
        bench.send(.slotGranted)
        #expect(bench.commands.last == .filler)
        bench.done(.filler)
        #expect(bench.commands.last == .start)
        bench.done(.start, -Errno.invalidArgument.rawValue)
        #expect(bench.state == .recovering, "it was armed already")
    }

    @Test func aDeviceThatWaitsForItsNextAttemptLetsOthersRecover() {
        let bench = Bench().live()
        bench.recover(upTo: .workerAsked)
        #expect(bench.acts(.workerUnavailable(.missing)).contains(.releaseSlot))
        #expect(bench.visible.reason == .backingMissing)
        bench.done(.start)
        #expect(bench.visible.reason == .backingMissing, "the reason is not lost with the kernel's answer")
        #expect(bench.fire(.retry) == [.requestSlot])
    }

    @Test func aDeviceThatWaitsForTheDeadWorkersIOLetsOthersRecover() {
        let bench = Bench().live()
        let worker = bench.recover(upTo: .prepared)
        bench.wait(milliseconds: 2_000)
        let effects = bench.done(.start, -Errno.busy.rawValue)
        #expect(
            effects == [
                .releaseSlot, .findHolders, .queryDevice, .control(.startUserRecovery(lazily: true)),
            ])
        #expect(bench.visible.message.contains("last I/O of the dead worker"))
        bench.send(.holders(["process 4711 (cp)"]))
        #expect(bench.visible.reason == .recoveryBlocked)
        #expect(bench.visible.message.contains("process 4711 (cp)"))
        bench.send(.holders([]))
        #expect(bench.visible.reason == .none)
        #expect(bench.done(.startUserRecovery(lazily: true)) == [.requestSlot])
        #expect(bench.acts(.slotGranted) == [.control(.end(worker))])
    }

    /// A refusal that comes at once (no agent to be had) must not become a loop without a pause.
    @Test(arguments: [ControlStep.startUserRecovery(lazily: false), .filler])
    func anAnswerAtOnceIsFollowedByAPause(step: ControlStep) throws {
        let bench = Bench(.classic)
        bench.send(.adopt(.dead(step == .filler ? .quiesced : .live)))
        bench.send(.slotGranted)
        #expect(bench.commands.last == step)
        bench.done(step, -Errno.busy.rawValue)
        #expect(bench.commands == [step])
        #expect(try #require(bench.remaining(.retry)) >= 500)
        bench.fire(.retry)
        #expect(bench.commands.count == 2)
    }

    @Test func aFillerThatCannotBeStartedIsNoIOThatIsNotOver() {
        let bench = Bench(.classic)
        bench.send(.adopt(.dead(.quiesced)))
        bench.send(.slotGranted)
        bench.done(.filler, -Errno.tryAgain.rawValue)
        #expect(bench.visible.message.contains("EAGAIN"))
        bench.fire(.retry)
        bench.wait(milliseconds: 2_000)
        bench.done(.filler, -Errno.timedOut.rawValue)
        #expect(bench.visible.message.contains("last I/O of the dead worker"))
        bench.done(.filler)
        #expect(bench.visible.message == "")
    }
}

/// A disk that goes with its worker is made anew, as often as one that stays is recovered.
struct GivingUpWithoutRecovery {
    private func dies(_ bench: Bench, served: Bool) {
        let worker = bench.serving
        bench.send(.workerDied(worker.id, .signalled(11), served: served))
        bench.done(.stopDevice)
        bench.done(.deleteDevice)
    }

    @Test func atOnceAfterAService() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        dies(bench, served: true)
        #expect(bench.state == .starting)
    }

    @Test func laterAfterADeathWithoutService() {
        let bench = Bench(settings: PolicySettings(survivesWorker: false)).live()
        dies(bench, served: false)
        #expect(bench.state == .failed)
        #expect(bench.visible.reason == .crashLoop)
        #expect(bench.fire(.retry) == [.takeWorker])
    }

    @Test func notByItselfWithoutABurst() {
        let bench = Bench(settings: PolicySettings(restartBurst: 0, survivesWorker: false)).live()
        dies(bench, served: true)
        #expect(bench.state == .held)
        #expect(bench.acts(.recover) == [.takeWorker])
    }
}

extension Adoption {
    static func dead(_ state: KernelState?) -> Adoption {
        Adoption(deviceID: Bench.device, state: state, worker: nil, facts: .sample, recoveries: 3)
    }

    static func alive(_ state: KernelState?) -> Adoption {
        Adoption(deviceID: Bench.device, state: state, worker: .number(50), facts: .sample, recoveries: 3)
    }
}
