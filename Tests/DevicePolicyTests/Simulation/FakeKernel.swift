import BlockABI
import DevicePolicy

/// What the driver knows of one device, and how each family of kernels behaves. A rule here is an observed
/// fact of a real kernel; what a rule forbids to a supervisor is a `violation`.
struct FakeKernel {
    /// The slots of all queues; `inside`: of one queue some are fetched and some are not.
    enum Fetched { case none, inside, some, all }
    /// Who has ublkcN open.
    enum Holder: Equatable {
        case worker(pid: Int32)
        case filler
    }

    let traits: KernelTraits
    /// Its number is known: ADD_DEV was accepted, and the deletion has not come to its end.
    var exists = false
    var isDeleted = false
    var state: KernelState = .dead
    var hasParameters = false
    /// Made with USER_RECOVERY.
    var survivesWorker = true
    /// Made with USER_RECOVERY_FAIL_IO.
    var failsIO = false
    /// Slots that count as fetched. Classic kernels forget them at START_USER_RECOVERY only, the others when
    /// ublkcN is released.
    var ready = Fetched.none
    /// The process whose memory the descriptors are mapped in; forgotten like `ready`.
    var mapper: Int32?
    var holder: Holder?
    var holderIsDead = false
    /// A worker that died with some slots fetched: ublkcN is never released.
    var isPinned = false
    /// LIVE without a server, for good: a START or END was accepted for a dead worker.
    var isDeadLive = false
    /// Somebody has read a disk that is LIVE without a server: STOP_DEV never returns.
    var isStopWedged = false
    /// START_USER_RECOVERY was accepted, END_USER_RECOVERY not yet.
    var isArmed = false
    /// STOP_DEV returned since the disk was made.
    var wasStopped = true
    /// START_DEV was accepted since it was added.
    var hasStarted = false
    /// QUIESCE_DEV took the slots back from the present server.
    var isQuiesced = false
    /// QUIESCE_DEV began and did not end: nothing new is delivered, and the server was not told.
    var isHalfQuiesced = false
    /// A queue has one request less than tags: a death under full load is seen at once.
    var hasSpareTag = false
    /// Somebody has ublkbN open.
    var isOpen = false
    /// A process that has nothing to do with it shares the worker's ublkcN.
    var isHeldByStranger = false
    /// Another tool has a device of this number.
    var isTakenByOthers = false
    /// The server answers its requests, so that STOP_DEV comes to an end.
    var isServerHealthy = false
    /// START_DEV for a process that is dead and reaped is refused, as 6.18 and 7.2 do.
    var refusesReaped = false
    var violation: String?

    init(traits: KernelTraits) { self.traits = traits }

    var isClassic: Bool { traits.family == .classic }

    /// The disk is LIVE and a process serves it.
    var isServed: Bool {
        state == .live && !isDeadLive && holder != nil && !holderIsDead && ready == .all && !isHalfQuiesced
    }

    /// Only a new disk helps, if even that is possible.
    var isLost: Bool { isPinned || isDeadLive || isStopWedged }

    /// Nothing helps but a reboot: its number is gone with it.
    var isLostForGood: Bool { isStopWedged || isPinned && !isClassic }

    // MARK: - ublkcN

    /// A worker opens and maps. 0 or -errno.
    mutating func open(pid: Int32) -> Int32 {
        guard exists, !isDeleted else { return -2 }
        guard holder == nil else { return -16 }
        // The descriptors belong to the first who maps them, until they are forgotten.
        if let mapper, mapper != pid { return -22 }
        holder = .worker(pid: pid)
        holderIsDead = false
        isQuiesced = false
        isHalfQuiesced = false
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

    /// `insideQueue`: between two slots of one queue.
    mutating func died(pid: Int32, insideQueue: Bool = false) {
        guard holder == .worker(pid: pid) else { return }
        holderIsDead = true
        if insideQueue && ready == .some { ready = .inside }
        isPinned = pins
    }

    /// The driver does not complete the commands of a partly fetched server, so its file stays.
    private var pins: Bool {
        switch traits.family {
        case .classic: ready == .inside
        case .middle: (ready == .some || ready == .inside) && (state == .quiesced || state == .failIO)
        case .modern: false
        }
    }

    /// A ring is closed while its process lives: classic kernels take the whole device from it.
    mutating func closeRing() {
        if isClassic && isServed { state = stateAfterDeath }
    }

    private var stateAfterDeath: KernelState {
        survivesWorker ? (failsIO ? .failIO : .quiesced) : .dead
    }

    /// The rings of a dead holder are torn down by one step more. `isFenced`: its last request to the backend
    /// is not over. `isSeen`: some slot of each queue was with the driver, so that its death is seen at once.
    func canTearDown(isFenced: Bool, isSeen: Bool) -> Bool {
        guard holder != nil, holderIsDead, !isPinned else { return false }
        return cancelsBeforeRelease ? isSeen : !isFenced && !isHeldByStranger
    }

    /// Classic kernels see cancelled commands, and leave LIVE for that, before the file is released.
    private var cancelsBeforeRelease: Bool { isClassic && state == .live && !isDeadLive }

    mutating func tearDown() {
        if cancelsBeforeRelease {
            state = stateAfterDeath
            return
        }
        holder = nil
        holderIsDead = false
        guard !isClassic else { return }
        // Before its first start only the newest kernels forget the dead worker.
        if hasStarted || !traits.mustReaddAfterDeathBeforeStart {
            ready = .none
            mapper = nil
        }
        if state == .live && !isDeadLive { state = stateAfterDeath }
    }

    /// The node is read. Of a disk that is LIVE without a server the read never ends, and on kernels before
    /// 7.0 no STOP_DEV after it.
    mutating func read() {
        if state == .live && isDeadLive && traits.family != .modern { isStopWedged = true }
    }

    /// A disk in `state`, served by `pid` if it is LIVE; in a recovery a dead worker had come to `ready`.
    mutating func leave(_ left: KernelState, server pid: Int32?, ready left2: Fetched) {
        exists = true
        hasParameters = true
        hasStarted = true
        hasSpareTag = true
        state = left
        wasStopped = left == .dead
        ready = left2
        if let pid {
            holder = .worker(pid: pid)
            mapper = pid
        }
    }
}
