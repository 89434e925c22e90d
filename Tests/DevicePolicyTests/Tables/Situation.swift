import BlockABI
import DevicePolicy
import Testing

/// Every place in which an event can meet a machine. Where there is a worker, it is called W.
enum Situation: String, CaseIterable, CustomTestStringConvertible {
    case absent, stopped, removed

    case waitingForWorker, preparing, adding, addingForNobody, settingParameters, attaching, startSent
    case fetching, serving, started, limiting, verifyingStart

    case live, livePendingRemoval, liveFailing, liveDying, growing
    case handOverAsked, handOverPreparing, quiescing, quiesced

    case awaitingDeath, slotAsked, workerAsked, recoveryPreparing, prepared, endSent, attached, served
    case verifyingRecovery, pausing, draining, filling, condemned

    case settling, tryingToStop, stopping, leaving, deleting

    case failedWithoutDisk, failedWithDisk, held, wedged

    var testDescription: String { rawValue }

    var bench: Bench {
        switch self {
        case .absent: return Bench()
        case .stopped:
            let bench = Bench()
            bench.send(.stop(remove: false, force: false, isOpen: false))
            return bench
        case .removed:
            let bench = Bench()
            bench.send(.stop(remove: true, force: false, isOpen: false))
            return bench
        case .waitingForWorker: return Bench().start(upTo: .waitingForWorker)
        case .preparing: return Bench().start(upTo: .preparing)
        case .adding: return Bench().start(upTo: .adding)
        case .addingForNobody:
            let bench = Bench().start(upTo: .adding)
            bench.stop()
            return bench
        case .settingParameters: return Bench().start(upTo: .settingParameters)
        case .attaching: return Bench().start(upTo: .attaching)
        case .startSent: return Bench().start(upTo: .startSent)
        case .fetching: return Bench().start(upTo: .fetching(served: false, started: false))
        case .serving: return Bench().start(upTo: .fetching(served: true, started: false))
        case .started: return Bench().start(upTo: .fetching(served: false, started: true))
        case .limiting:
            return Bench(.classic, settings: PolicySettings(requestLimit: 128)).start(upTo: .limitingRequests)
        case .verifyingStart: return Bench().start(upTo: .verifying)
        case .live, .livePendingRemoval, .liveFailing, .liveDying, .handOverAsked, .handOverPreparing,
            .quiescing, .quiesced, .growing:
            return inService
        case .settling:
            let bench = Bench().start(upTo: .fetching(served: false, started: false))
            bench.stop()
            return bench
        case .tryingToStop, .stopping, .leaving, .deleting: return onItsWayOut
        case .failedWithoutDisk, .failedWithDisk, .held, .wedged: return failed
        default: return recovering
        }
    }

    /// The stranger is to take the worker's place.
    private func beginHandOver(_ bench: Bench) {
        bench.send(.replaceWorker)
        bench.send(.workerGiven(Arrival.stranger))
    }

    private var inService: Bench {
        let failing = PolicySettings(restartBurst: 1, afterGivingUp: .fail)
        let bench = Bench(settings: self == .liveFailing ? failing : PolicySettings()).live()
        switch self {
        case .livePendingRemoval: bench.send(.stop(remove: true, force: false, isOpen: true))
        case .liveDying: bench.send(.workerFailed(bench.serving.id, .missing))
        case .handOverAsked: bench.send(.replaceWorker)
        case .handOverPreparing: beginHandOver(bench)
        case .quiescing:
            beginHandOver(bench)
            bench.send(.workerReady(Arrival.stranger.id))
        case .quiesced:
            beginHandOver(bench)
            bench.send(.workerReady(Arrival.stranger.id))
            bench.done(.quiesceDevice)
        case .growing: bench.send(.grow(bytes: 2 << 30))
        case .liveFailing:
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            bench.goLive(bench.goOn(upTo: .verifying))
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            bench.goLive(bench.goOn(upTo: .verifying))
        default: break
        }
        return bench
    }

    private var recovering: Bench {
        let bench = Bench(self == .filling ? .classic : .modern).live()
        switch self {
        case .awaitingDeath: bench.send(.recover)
        case .slotAsked: bench.recover(upTo: .slotAsked)
        case .workerAsked: bench.recover(upTo: .workerAsked)
        case .recoveryPreparing: bench.recover(upTo: .preparing)
        case .prepared: bench.recover(upTo: .prepared)
        case .endSent: bench.recover(upTo: .accepted)
        case .attached: bench.recover(upTo: .attached)
        case .served: bench.recover(upTo: .served)
        case .verifyingRecovery: bench.recover(upTo: .verifying)
        case .pausing:
            bench.recover(upTo: .workerAsked)
            bench.send(.workerUnavailable(.missing))
            bench.done(.start)
        case .draining:
            bench.recover(upTo: .prepared)
            bench.wait(milliseconds: 2_000)
            bench.done(.start, -Errno.busy.rawValue)
        case .filling:
            let worker = bench.recover(upTo: .attached)
            bench.send(.workerDied(worker.id, .signalled(9), served: false))
            bench.done(.end(worker), -Errno.interrupted.rawValue)
        case .condemned:
            let worker = bench.recover(upTo: .attached)
            bench.send(.workerFailed(worker.id, .missing))
        default: break
        }
        return bench
    }

    private var onItsWayOut: Bench {
        let bench = Bench().live()
        bench.stop(force: self == .stopping)
        if self == .leaving || self == .deleting { bench.done(.tryStopDevice) }
        if self == .deleting { bench.send(.workerDied(bench.serving.id, .exited(0), served: true)) }
        return bench
    }

    private var failed: Bench {
        switch self {
        case .failedWithoutDisk:
            let bench = Bench().start(upTo: .waitingForWorker)
            bench.send(.workerUnavailable(.missing))
            return bench
        case .wedged:
            let bench = Bench().live()
            bench.stop(force: true)
            bench.send(.controlLate(.stopDevice))
            bench.send(.controlLost(.stopDevice))
            bench.send(.workerDied(.number(1), .signalled(9), served: true))
            return bench
        default:
            let bench = Bench(
                settings: PolicySettings(restartBurst: 1, afterGivingUp: self == .held ? .hold : .retry)
            ).live()
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            bench.goLive(bench.goOn(upTo: .verifying))
            bench.send(.workerDied(bench.serving.id, .signalled(11), served: false))
            return bench
        }
    }
}

extension WorkerID {
    static func number(_ n: UInt32) -> WorkerID { WorkerID(rawValue: n) }
}
