import BlockABI
import DevicePolicy

// What the driver answers.
extension FakeKernel {
    /// The answer, or nil while the command waits.
    mutating func execute(_ step: ControlStep) -> Int32? {
        if case .addDevice = step { return add() }
        guard exists else { return step.needsNode ? -2 : -19 }
        switch step {
        case .addDevice: return nil
        case .setParameters:
            guard !hasStarted else { return -13 }
            hasParameters = true
            return 0
        case .startDevice(let pid): return start(pid)
        case .startUserRecovery: return startRecovery()
        case .endUserRecovery(let pid): return endRecovery(pid)
        case .filler: return filler()
        case .stopDevice: return stop()
        case .tryStopDevice:
            // Where the kernel cannot refuse, the agent tries to claim the node first; a dead disk's cannot be opened.
            guard traits.canTryStop else { return isOpen && state != .dead ? -16 : stop() }
            guard state != .dead else { return -19 }
            return isOpen ? -16 : stop()
        case .deleteDevice: return delete()
        case .limitRequests: return limitRequests()
        case .quiesceDevice: return quiesce()
        case .updateSize: return hasStarted && state != .dead ? 0 : -19
        }
    }

    /// What waits for the driver's mutex, for the block layer or in sysfs does not listen to a cancellation.
    static func isCancellable(_ step: ControlStep) -> Bool {
        switch step {
        case .addDevice, .stopDevice, .tryStopDevice, .limitRequests, .setParameters, .updateSize: false
        default: true
        }
    }

    private mutating func add() -> Int32 {
        guard !exists, !isTakenByOthers else { return -17 }
        var fresh = FakeKernel(traits: traits)
        fresh.survivesWorker = survivesWorker
        fresh.failsIO = failsIO
        fresh.refusesReaped = refusesReaped
        fresh.exists = true
        self = fresh
        return 0
    }

    private mutating func start(_ pid: Int32) -> Int32? {
        guard hasParameters else { return -22 }
        guard state == .dead else { return -17 }
        if hasStarted {
            violation = "START_DEV for a disk that was stopped: classic kernels make it LIVE without a server"
            return -16
        }
        // Sticky: on all but the newest kernels a dead worker's FETCHes count.
        guard ready == .all else { return nil }
        if traits.checksOpenerPID, let holder, holder != .worker(pid: pid) { return -22 }
        if holder == nil && refusesReaped { return -22 }
        state = .live
        hasStarted = true
        wasStopped = false
        if holder == nil || holderIsDead { isDeadLive = traits.mustReaddAfterDeathBeforeStart }
        return 0
    }

    private mutating func startRecovery() -> Int32 {
        guard survivesWorker else { return -22 }
        guard holder == nil, state == .quiesced || state == .failIO else { return -16 }
        if isClassic {
            switch ready {
            case .none: return -22
            case .some, .inside:
                violation = "START_USER_RECOVERY after a partly fetched worker: the kernel oopses"
                return -22
            case .all:
                ready = .none
                mapper = nil
            }
        }
        isArmed = true
        return 0
    }

    private mutating func endRecovery(_ pid: Int32) -> Int32? {
        guard survivesWorker else { return -22 }
        guard ready == .all else { return nil }
        guard state == .quiesced || state == .failIO else { return -16 }
        let isDead = holder == nil || holderIsDead
        switch traits.family {
        case .classic: isDeadLive = isDead
        case .middle: if isDead || holder != .worker(pid: pid) { return -22 }
        case .modern:
            if isDead { return nil }
            if holder != .worker(pid: pid) { return -22 }
        }
        state = .live
        isArmed = false
        return 0
    }

    /// Nil while somebody has ublkcN open.
    private mutating func filler() -> Int32? {
        guard holder == nil else { return nil }
        if traits.family == .middle {
            violation = "a filler where it is needless, and one that is killed keeps ublkcN for good"
        }
        if state != .dead { ready = .all }
        holder = .filler
        holderIsDead = true
        return 0
    }

    /// The filler is killed between two queues.
    mutating func fillPartly() {
        guard exists, holder == nil, state != .dead else { return }
        if ready == .none { ready = .some }
        holder = .filler
        holderIsDead = true
    }

    private mutating func stop() -> Int32? {
        guard !isStopWedged else { return nil }
        if state == .live && !isDeadLive {
            // Started requests are waited for, and only a process that serves or is gone ends them.
            guard holder != nil, !holderIsDead, isServerHealthy else { return nil }
        }
        state = .dead
        isDeadLive = false
        isArmed = false
        wasStopped = true
        // What a partly fetched worker left is completed, where the driver still knows of it.
        if isPinned && (isClassic || !hasStarted) { unpin() }
        return 0
    }

    private mutating func unpin() {
        isPinned = false
        holder = nil
        holderIsDead = false
    }

    /// The server gets its commands back; the state stays until ublkcN is released.
    private mutating func quiesce() -> Int32 {
        guard traits.canQuiesce else { return -95 }
        guard hasStarted, state != .dead else { return -19 }
        if state == .live { isQuiesced = true }
        return 0
    }

    /// QUIESCE_DEV that is interrupted, or whose time is over, while it waits.
    mutating func quiesceHalfway() {
        if traits.canQuiesce, hasStarted, state == .live { isHalfQuiesced = true }
    }

    /// Writing it freezes the queue: with requests in flight the writer waits for whoever serves them.
    private mutating func limitRequests() -> Int32? {
        guard hasStarted, state != .dead else { return -2 }
        guard !isOpen || isServed && isServerHealthy else { return nil }
        hasSpareTag = true
        return 0
    }

    private mutating func delete() -> Int32? {
        if !wasStopped {
            violation = "DEL_DEV before STOP_DEV returned: a hang of it would cost the host"
        }
        isDeleted = true
        return finishDeletion() ? 0 : nil
    }

    /// The number is free when the last file of the device is closed.
    @discardableResult
    mutating func finishDeletion() -> Bool {
        guard isDeleted, !isOpen, holder == nil else { return false }
        exists = false
        return true
    }

    // MARK: - Other tools

    mutating func stopByOthers() { _ = stop() }

    /// `thenTaken`: they make their own under the same number.
    mutating func deleteByOthers(thenTaken: Bool) {
        guard exists, state == .dead || stop() != nil else { return }
        isDeleted = true
        if finishDeletion() { isTakenByOthers = thenTaken }
    }
}

extension ControlStep {
    /// It begins with a file of the device, which is not there.
    fileprivate var needsNode: Bool { self == .filler || self == .limitRequests }
}
