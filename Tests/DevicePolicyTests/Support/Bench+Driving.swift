import BlockABI
import DevicePolicy
import Testing

// Drives a machine into each place by the shortest honest way.
extension Bench {
    /// Up to `step` of a plain start by worker 1.
    @discardableResult
    func start(upTo step: Starting.Step) -> Self {
        send(.start)
        if step == .waitingForWorker { return self }
        let worker = freshWorker()
        send(.workerGiven(worker))
        if step == .preparing { return self }
        send(.workerPrepared(worker.id, .sample))
        if step == .adding { return self }
        done(.addDevice)
        if step == .settingParameters { return self }
        done(.setParameters)
        if step == .attaching { return self }
        send(.workerAttached(worker.id))
        if step == .startSent { return self }
        let start = ControlStep.startDevice(pid: worker.pid)
        send(.controlSubmitted(start))
        if step == .fetching(served: false, started: false) { return self }
        if step == .fetching(served: false, started: true) {
            done(start)
            return self
        }
        send(.workerServing(worker.id))
        if step == .fetching(served: true, started: false) { return self }
        done(start)
        if step == .limitingRequests { return self }
        if machine.settings.requestLimit != nil { done(.limitRequests) }
        return self
    }

    /// LIVE under worker 1, just now.
    @discardableResult
    func live() -> Self {
        start(upTo: .verifying)
        goLive(serving)
        #expect(machine.isLive)
        return self
    }

    func goLive(_ worker: WorkerRef) {
        send(.probeAnswered(worker.id))
        send(.deviceInfo(.live, pid: worker.pid))
    }

    /// The worker that the machine holds; a number that no worker has when there is none.
    var serving: WorkerRef { machine.worker ?? .number(999) }

    /// Places on the way of a plain recovery.
    enum Milestone: Int, Comparable, CaseIterable {
        case slotAsked, workerAsked, preparing, prepared, accepted, attached, served, verifying

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    /// From LIVE: the worker is killed, and everything goes well up to `milestone`. Returns the new worker,
    /// if there is one.
    @discardableResult
    func recover(upTo milestone: Milestone) -> WorkerRef {
        send(.workerDied(serving.id, .signalled(9), served: true))
        return goOn(upTo: milestone)
    }

    /// From a recovery that has just asked for its slot, or again for a worker.
    @discardableResult
    func goOn(upTo milestone: Milestone) -> WorkerRef {
        if milestone == .slotAsked { return serving }
        send(.slotGranted)
        if milestone == .workerAsked { return serving }
        return newWorker(upTo: milestone)
    }

    /// From a recovery that has asked for a worker, and for START_USER_RECOVERY if it is needed.
    @discardableResult
    func newWorker(upTo milestone: Milestone) -> WorkerRef {
        let worker = freshWorker()
        send(.workerGiven(worker))
        if milestone == .preparing { return worker }
        send(.workerPrepared(worker.id, .sample))
        if milestone == .prepared { return worker }
        done(.startUserRecovery(lazily: false))
        if milestone == .accepted { return worker }
        send(.controlSubmitted(.endUserRecovery(pid: worker.pid)))
        if milestone == .attached { return worker }
        send(.workerServing(worker.id))
        if milestone == .served { return worker }
        done(.endUserRecovery(pid: worker.pid))
        return worker
    }

    /// From LIVE: an operator's stop of a disk that is not open.
    @discardableResult
    func stop(force: Bool = false, remove: Bool = false) -> [DeviceEffect] {
        acts(.stop(remove: remove, force: force, isOpen: false))
    }
}
