import BlockABI
import DevicePolicy

/// Every kind of event, once for the machine's own worker and command, and once for others where that matters.
enum Arrival: String, CaseIterable {
    case start, recover, replace, upgrade, grow
    case stop, stopOpen, stopForced, remove, removeOpen
    case adopt
    case given, unavailable, otherReady, prepared, preparedSmaller, otherPrepared, attached, serving, failed,
        otherFailed
    case died, otherDied, probe, otherProbe
    case slot
    case submitted, otherSubmitted, done, refused, busy, interrupted, gone, otherDone, late, otherLate, lost,
        returned
    case queueNeeds, queueFails, recoverQueue, repairTimer
    case seenLive, seenDead, deviceGone, holders, closed
    case retryTimer, stepTimer, verifyTimer

    /// A worker that the machine never had.
    static var stranger: WorkerRef { .number(77) }

    /// Nil: no such event can meet this machine (an answer when no command is under way).
    func event(for bench: Bench) -> DeviceEvent? {
        let own = bench.serving.id
        let other = Self.stranger.id
        switch self {
        case .start: return .start
        case .recover: return .recover
        case .replace: return .replaceWorker
        case .upgrade: return .upgrade
        case .grow: return .grow(bytes: 2 << 30)
        case .stop: return .stop(remove: false, force: false, isOpen: false)
        case .stopOpen: return .stop(remove: false, force: false, isOpen: true)
        case .stopForced: return .stop(remove: false, force: true, isOpen: true)
        case .remove: return .stop(remove: true, force: false, isOpen: false)
        case .removeOpen: return .stop(remove: true, force: false, isOpen: true)
        case .adopt: return .adopt(.alive(.live))
        case .given: return .workerGiven(Self.stranger)
        case .unavailable: return .workerUnavailable(.missing)
        case .otherReady: return .workerReady(other)
        case .prepared: return .workerPrepared(own, .sample)
        case .preparedSmaller: return .workerPrepared(own, BackendFacts(size: 4096))
        case .otherPrepared: return .workerPrepared(other, .sample)
        case .attached: return .workerAttached(own)
        case .serving: return .workerServing(own)
        case .failed: return .workerFailed(own, .missing)
        case .otherFailed: return .workerFailed(other, .missing)
        case .died: return .workerDied(own, .signalled(9), served: true)
        case .otherDied: return .workerDied(other, .signalled(9), served: true)
        case .probe: return .probeAnswered(own)
        case .otherProbe: return .probeAnswered(other)
        case .slot: return .slotGranted
        case .submitted: return bench.pending.map { .controlSubmitted($0) }
        case .otherSubmitted: return .controlSubmitted(.endUserRecovery(pid: 1))
        case .done: return answer(bench, 0)
        case .refused: return answer(bench, -Errno.inputOutput.rawValue)
        case .busy: return answer(bench, -Errno.busy.rawValue)
        case .interrupted: return answer(bench, -Errno.interrupted.rawValue)
        case .gone: return answer(bench, -Errno.noSuchDevice.rawValue)
        case .otherDone: return .controlDone(.startDevice(pid: 1), result: 0, deviceID: nil)
        case .late: return bench.pending.map { .controlLate($0) }
        case .otherLate: return .controlLate(.startDevice(pid: 1))
        case .lost: return bench.pending.map { .controlLost($0) }
        case .returned: return .controlReturned(bench.pending ?? .stopDevice, deviceID: nil)
        case .queueNeeds: return .queueNeedsBackend(own, queue: 0, .stale)
        case .queueFails: return .queueNotRecovered(own, queue: 0, .badDescriptor)
        case .recoverQueue: return .recoverQueues([0])
        case .repairTimer: return .timer(.repair)
        case .seenLive: return .deviceInfo(.live, pid: 1)
        case .seenDead: return .deviceInfo(.dead, pid: 0)
        case .deviceGone: return .deviceGone
        case .holders: return .holders(["process 4711 (cp)"])
        case .closed: return .closed
        case .retryTimer: return .timer(.retry)
        case .stepTimer: return .timer(.step)
        case .verifyTimer: return .timer(.verify)
        }
    }

    private func answer(_ bench: Bench, _ result: Int32) -> DeviceEvent? {
        guard let step = bench.pending else { return nil }
        let added = step == .addDevice && result == 0
        return .controlDone(step, result: result, deviceID: added ? Bench.device : nil)
    }
}
