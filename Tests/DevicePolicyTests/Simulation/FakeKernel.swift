import BlockABI
import DevicePolicy

/// What the driver knows of one device, and how each family of kernels behaves. A rule here is an observed
/// fact of a real kernel; what a rule forbids to a supervisor is a `violation`.
struct FakeKernel {
    enum Fetched { case none, some, all }
    /// Who has ublkcN open.
    enum Holder: Equatable {
        case worker(pid: Int32)
        case filler
    }

    let traits: KernelTraits
    /// Its number is known: ADD_DEV was accepted, and the deletion has not come to its end.
    private(set) var exists = false
    private(set) var isDeleted = false
    private(set) var state: KernelState = .dead
    private(set) var hasParameters = false
    /// Made with USER_RECOVERY.
    var survivesWorker = true
    /// Slots that count as fetched. Classic kernels forget them at START_USER_RECOVERY only, the others when
    /// ublkcN is released.
    private(set) var ready = Fetched.none
    /// The process whose memory the descriptors are mapped in; forgotten like `ready`.
    private(set) var mapper: Int32?
    private(set) var holder: Holder?
    private(set) var holderIsDead = false
    /// A half-fetched recovery on a middle kernel: ublkcN is never released.
    private(set) var isPinned = false
    /// LIVE without a server, for good: a START or END was accepted for a dead worker.
    private(set) var isDeadLive = false
    /// START_USER_RECOVERY was accepted, END_USER_RECOVERY not yet.
    private(set) var isArmed = false
    /// STOP_DEV returned since the disk was made.
    private(set) var wasStopped = true
    /// START_DEV was accepted since it was added.
    private(set) var hasStarted = false
    /// QUIESCE_DEV took the slots back from the present server.
    private(set) var isQuiesced = false
    /// Somebody has ublkbN open.
    var isOpen = false
    /// Requests that a wedged or dead worker holds keep STOP_DEV waiting.
    var isServerHealthy = false
    private(set) var violation: String?

    init(traits: KernelTraits) { self.traits = traits }

    /// The disk is LIVE and a process serves it.
    var isServed: Bool { state == .live && !isDeadLive && holder != nil && !holderIsDead && ready == .all }

    /// No command brings it back: it has to be deleted, if even that is possible.
    var isLost: Bool { isPinned || isDeadLive }

    // MARK: - ublkcN

    /// A worker opens and maps. 0 or -errno.
    mutating func open(pid: Int32) -> Int32 {
        guard exists, !isDeleted else { return -2 }
        guard holder == nil else { return -16 }
        if let mapper, mapper != pid { return -22 }
        holder = .worker(pid: pid)
        holderIsDead = false
        isQuiesced = false
        mapper = pid
        return 0
    }

    /// The next queue is fetched. 0 or -errno.
    mutating func fetch(pid: Int32) -> Int32 {
        guard holder == .worker(pid: pid) else { return -9 }
        guard ready != .all else { return -22 }
        ready = ready == .none ? .some : .all
        return 0
    }

    mutating func died(pid: Int32) {
        if holder == .worker(pid: pid) { holderIsDead = true }
    }

    /// The rings of a dead holder are being torn down.
    var canTearDown: Bool { holder != nil && holderIsDead && !isPinned }

    /// One step of that.
    mutating func tearDown() {
        let isClassic = traits.family == .classic
        if isClassic && state == .live && !isDeadLive {
            // Classic kernels see cancelled commands before the file is released.
            state = survivesWorker ? .quiesced : .dead
            return
        }
        if traits.family == .middle && state == .quiesced && ready == .some {
            isPinned = true
            return
        }
        holder = nil
        holderIsDead = false
        guard !isClassic else { return }
        ready = .none
        mapper = nil
        if state == .live && !isDeadLive { state = survivesWorker ? .quiesced : .dead }
    }

    // MARK: - Commands

    /// The answer, or nil while the command waits.
    mutating func execute(_ step: ControlStep) -> Int32? {
        if case .addDevice = step { return add() }
        guard exists else { return step == .limitRequests ? -2 : -19 }
        switch step {
        case .addDevice: return nil
        case .setParameters:
            hasParameters = true
            return 0
        case .startDevice(let pid): return start(pid)
        case .startUserRecovery: return startRecovery()
        case .endUserRecovery(let pid): return endRecovery(pid)
        case .filler: return filler()
        case .stopDevice: return stop()
        case .tryStopDevice:
            guard traits.canTryStop else { return -95 }
            guard state != .dead else { return -19 }
            return isOpen ? -16 : stop()
        case .deleteDevice: return delete()
        case .limitRequests: return 0
        case .quiesceDevice: return quiesce()
        case .updateSize: return hasStarted && state != .dead ? 0 : -19
        }
    }

    /// STOP_DEV and writes to sysfs do not listen to a cancellation.
    static func isCancellable(_ step: ControlStep) -> Bool {
        switch step {
        case .stopDevice, .tryStopDevice, .limitRequests, .setParameters: false
        default: true
        }
    }

    private mutating func add() -> Int32 {
        guard !exists else { return -17 }
        let fresh = FakeKernel(traits: traits)
        let survives = survivesWorker
        self = fresh
        survivesWorker = survives
        exists = true
        return 0
    }

    private mutating func start(_ pid: Int32) -> Int32? {
        guard hasParameters else { return -22 }
        guard state == .dead else { return -17 }
        guard ready == .all else { return nil }
        if traits.checksOpenerPID, let holder, holder != .worker(pid: pid) { return -22 }
        state = .live
        hasStarted = true
        wasStopped = false
        if holder == nil || holderIsDead { isDeadLive = traits.mustReaddAfterDeathBeforeStart }
        return 0
    }

    private mutating func startRecovery() -> Int32 {
        guard survivesWorker else { return -22 }
        guard holder == nil, state == .quiesced || state == .failIO else { return -16 }
        if traits.family == .classic {
            switch ready {
            case .none: return -22
            case .some:
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
        if traits.checksOpenerPID {
            guard holder == .worker(pid: pid) else { return -22 }
            guard !isDead else { return nil }
        } else if isDead {
            isDeadLive = true
        }
        state = .live
        isArmed = false
        return 0
    }

    /// Nil while somebody has ublkcN open.
    private mutating func filler() -> Int32? {
        guard holder == nil else { return nil }
        if ready != .all && state != .dead { ready = .all }
        holder = .filler
        holderIsDead = true
        return 0
    }

    private mutating func stop() -> Int32? {
        if state == .live && !isDeadLive {
            // Started requests are waited for, and only a process that serves or is gone ends them.
            guard holder != nil else { return nil }
            if holderIsDead || !isServerHealthy { return nil }
        }
        state = .dead
        isDeadLive = false
        isArmed = false
        wasStopped = true
        return 0
    }

    /// The server gets its commands back; the state stays until ublkcN is released.
    private mutating func quiesce() -> Int32 {
        guard traits.canQuiesce else { return -95 }
        guard hasStarted, state != .dead else { return -19 }
        isQuiesced = true
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

    // MARK: - Other tools, and what an earlier ublkd left

    mutating func stopByOthers() { _ = execute(.stopDevice) }

    mutating func deleteByOthers() {
        guard exists, state == .dead || stop() != nil else { return }
        isDeleted = true
        finishDeletion()
    }

    /// A disk in `state`, served by `pid` if it is LIVE; in a recovery a dead worker had come to `ready`.
    mutating func leave(_ left: KernelState, server pid: Int32?, ready left2: Fetched) {
        exists = true
        hasParameters = true
        hasStarted = true
        state = left
        wasStopped = left == .dead
        ready = left2
        if let pid {
            holder = .worker(pid: pid)
            mapper = pid
        }
    }
}
