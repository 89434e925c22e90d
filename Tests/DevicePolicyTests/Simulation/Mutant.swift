import BlockABI
import DevicePolicy

/// A seeded bug: an adapter around the real machine that alters what it is told and what it asks for, so that
/// both together are a policy that has this bug. The simulation has to find each of them.
struct Mutant {
    /// Each with words of the rule that has to find it.
    enum Bug: String, CaseIterable, Sendable {
        // The twelve that the simulation was made for.
        case endAfterFailedStart
        case noFillerBeforeRepeatedStart
        case newWorkerBeforeOldIsReaped
        case noStepTimer
        case commandAfterWriteOff
        case stopBeforeWorkerIsReaped
        case deleteBeforeStopReturned
        case commandForLostDevice
        case liveWithoutProbe
        case slotNeverReleased
        case killBetweenFetchesAndAnswer
        case endLeftWithKernel
        // More of the same kinds.
        case liveWithoutDeviceInfo
        case deleteInsteadOfStop
        case deleteAfterInterruptedStop
        case startForDeadWorker
        case endForDeadWorker
        case fetchBeforeStart
        case fetchBeforeEnd
        case noRetryTimer
        case noVerifyTimer
        case noPauseBetweenAttempts
        case timersLeftArmed
        case lastCloseForgotten
        case stopForgotten
        case inUseTakenAway
        case interruptedStartTakenForRefused
        case adoptedRecoveryTakenForFirst
        case fencedTakenForStopped
        case unwantedWorkerKept
        case recoveryWithoutSlot
        case slotKeptWhilePausing
        case noLimitForLeaving

        var rule: String {
            switch self {
            case .endAfterFailedStart: "END_USER_RECOVERY without an accepted START_USER_RECOVERY"
            case .noFillerBeforeRepeatedStart, .adoptedRecoveryTakenForFirst: "the kernel oopses"
            case .newWorkerBeforeOldIsReaped: "is configured while"
            case .noStepTimer, .noLimitForLeaving: "is waited for without a limit"
            case .commandAfterWriteOff: "agent was given up"
            case .stopBeforeWorkerIsReaped: "which does not serve, is reaped"
            case .deleteBeforeStopReturned: "deleteDevice while"
            case .commandForLostDevice: "may be another tool's"
            case .liveWithoutProbe, .liveWithoutDeviceInfo: "LIVE is believed before"
            case .slotNeverReleased: "a recovery slot is kept"
            case .killBetweenFetchesAndAnswer: "is killed between its FETCHes and the answer"
            case .endLeftWithKernel: "stays with the kernel after its worker's death"
            case .deleteInsteadOfStop, .deleteAfterInterruptedStop: "DEL_DEV before STOP_DEV returned"
            case .startForDeadWorker, .endForDeadWorker: "for a dead worker"
            case .fetchBeforeStart: "fetches before START_DEV is with the kernel"
            case .fetchBeforeEnd: "fetches before END_USER_RECOVERY is with the kernel"
            case .noRetryTimer: "no timer brings it"
            case .noVerifyTimer: "nobody looks"
            case .noPauseBetweenAttempts: "ten workers were asked for"
            case .timersLeftArmed: "is armed at rest"
            case .lastCloseForgotten: "no end"
            case .stopForgotten: "though it was to be down"
            case .inUseTakenAway: "takes away a disk that is in use"
            case .interruptedStartTakenForRefused: "which is not true"
            case .fencedTakenForStopped: "for a good disk, and nobody asked for it"
            case .unwantedWorkerKept: "is nobody's and lives"
            case .recoveryWithoutSlot: "without a recovery slot"
            case .slotKeptWhilePausing: "is kept from others"
            }
        }
    }

    let bug: Bug
    /// What is told later.
    private var held: DeviceEvent?

    init(_ bug: Bug) { self.bug = bug }

    /// ublkd died, and a new one has the same bug.
    mutating func forget() { self = Mutant(bug) }

    mutating func handle(
        _ event: DeviceEvent, by machine: inout DeviceMachine, at now: Instant
    ) -> [DeviceEffect] {
        var events = told(event, machine)
        var effects: [DeviceEffect] = []
        var next = 0
        while next < events.count {
            for effect in machine.handle(events[next], at: now) {
                let (done, then) = asked(effect, after: event, machine, now)
                effects += done
                events += then
            }
            next += 1
        }
        return effects
    }

    // MARK: - What the machine is told

    private mutating func told(_ event: DeviceEvent, _ machine: DeviceMachine) -> [DeviceEvent] {
        switch (bug, event) {
        case (.endAfterFailedStart, .controlDone(.startUserRecovery(let lazily), let result, _))
        where result < 0 && result != -19:
            return [.controlDone(.startUserRecovery(lazily: lazily), result: 0, deviceID: nil)]
        case (.commandAfterWriteOff, .controlLost(let step)):
            return [.controlDone(step, result: -4, deviceID: nil)]
        case (.deleteBeforeStopReturned, .controlLate(let step)) where step.stops:
            return [.controlDone(step, result: 0, deviceID: nil)]
        case (.deleteAfterInterruptedStop, .controlDone(let step, -4, _)) where step.stops:
            return [.controlDone(step, result: 0, deviceID: nil)]
        case (.commandForLostDevice, .deviceGone): return []
        case (.commandForLostDevice, .controlDone(let step, -19, let id)) where step != .tryStopDevice:
            return [.controlDone(step, result: -5, deviceID: id)]
        case (.startForDeadWorker, .workerDied(let id, _, _)):
            guard case .starting(let s) = machine.phase, s.step == .attaching, s.worker?.id == id else {
                break
            }
            return [.workerAttached(id), event]
        case (.endForDeadWorker, .workerDied(let id, _, _)):
            guard case .recovering(let r) = machine.phase, case .prepared(let ref) = r.worker,
                ref.id == id, r.end == .notSent
            else { break }
            held = event
            return []
        case (.lastCloseForgotten, .closed): return []
        case (.stopForgotten, .stop(remove: false, _, _)):
            if case .recovering = machine.phase { return [] }
        case (.inUseTakenAway, .stop(let remove, force: false, isOpen: true)):
            return [.stop(remove: remove, force: true, isOpen: false)]
        case (.interruptedStartTakenForRefused, .controlDone(.startUserRecovery(let lazily), -4, _)):
            return [.controlDone(.startUserRecovery(lazily: lazily), result: -16, deviceID: nil)]
        case (.adoptedRecoveryTakenForFirst, .adopt(var found)):
            if found.state == .quiesced && found.worker == nil { found.state = .live }
            return [.adopt(found)]
        case (.fencedTakenForStopped, .deviceInfo(.live, let pid)):
            guard case .recovering(let r) = machine.phase, r.drainingSince != nil, r.record.live == nil
            else { break }
            return [.deviceInfo(.dead, pid: pid)]
        default: break
        }
        return [event]
    }

    // MARK: - What it asks for

    /// What is done of it, and what the machine is told at once.
    private mutating func asked(
        _ effect: DeviceEffect, after event: DeviceEvent, _ machine: DeviceMachine, _ now: Instant
    ) -> (done: [DeviceEffect], then: [DeviceEvent]) {
        switch (bug, effect) {
        case (.noFillerBeforeRepeatedStart, .control(.filler)):
            return ([], [.controlDone(.filler, result: 0, deviceID: nil)])
        case (.newWorkerBeforeOldIsReaped, .kill(let id)) where !machine.isStopping,
            (.stopBeforeWorkerIsReaped, .kill(let id)) where machine.isStopping:
            return ([effect], [.workerDied(id, .signalled(9), served: false)])
        case (.noPauseBetweenAttempts, .arm(.retry, _)): return ([.arm(.retry, now)], [])
        case (.noLimitForLeaving, .arm(.step, _)) where machine.isStopping,
            (.slotKeptWhilePausing, .releaseSlot) where machine.isPausing:
            return ([], [])
        case (.noStepTimer, .arm(.step, _)), (.noRetryTimer, .arm(.retry, _)),
            (.noVerifyTimer, .arm(.verify, _)), (.timersLeftArmed, .disarm),
            (.slotNeverReleased, .releaseSlot),
            (.endLeftWithKernel, .cancelControl(.endUserRecovery)):
            return ([], [])
        case (.liveWithoutProbe, .probe(let id)): return ([effect], [.probeAnswered(id)])
        case (.liveWithoutDeviceInfo, .probe): return ([effect], [.deviceInfo(.live, pid: 0)])
        case (.killBetweenFetchesAndAnswer, .cancelControl(let step)):
            guard step.servedBy != nil, let worker = machine.worker else { break }
            return ([effect, .kill(worker.id)], [])
        case (.deleteInsteadOfStop, .control(let step)) where step.stops:
            return ([], [.controlDone(step, result: 0, deviceID: nil)])
        case (.endForDeadWorker, .control(.endUserRecovery)):
            defer { held = nil }
            return ([effect], held.map { [$0] } ?? [])
        case (.fetchBeforeStart, .control(.startDevice)):
            return (machine.worker.map { [.fetch($0.id), effect] } ?? [effect], [])
        case (.fetchBeforeEnd, .control(.endUserRecovery)):
            guard let worker = machine.worker, let device = machine.deviceID else { break }
            return ([.attach(worker.id, device: device, fetchNow: true), effect], [])
        case (.unwantedWorkerKept, .kill):
            if case .workerGiven = event { return ([], []) }
        case (.recoveryWithoutSlot, .requestSlot): return ([], [.slotGranted])
        default: break
        }
        return ([effect], [])
    }
}

extension ControlStep {
    fileprivate var stops: Bool { self == .stopDevice || self == .tryStopDevice }
}

extension DeviceMachine {
    fileprivate var isPausing: Bool {
        if case .recovering(let recovering) = phase { recovering.nextAttempt != nil } else { false }
    }

    fileprivate var isStopping: Bool { if case .stopping = phase { true } else { false } }
}
