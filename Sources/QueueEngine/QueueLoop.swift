internal import BlockABI
internal import CUblk

/// Why a queue's loop came to an end.
enum QueueEnd: Equatable {
    /// The driver aborted the slots: the device is stopped or quiesced.
    case ended
    /// The kernel refused a command of a slot: what this queue believes and what the driver believes differ.
    case rejected(Errno)
    /// The ring does not take entries any more.
    case ringLost(Errno)
}

/// The memory of one queue. The owner is the `Queue` that the loop runs for.
struct QueueMemory {
    let index: UInt16
    let depth: UInt16
    /// Requests, one a tag, as the driver writes them.
    let descriptors: UnsafePointer<cu_io_desc>
    let slots: UnsafeMutablePointer<IOSlot>
    let buffers: UnsafeMutableRawPointer
    /// Bytes from one tag's buffer to the next.
    let stride: Int
    /// Bytes of the largest request.
    let maxIO: UInt64
    let readOnly: Bool
    let status: UnsafeMutablePointer<cu_queue_status>
    /// The requests that are with us, a word a tag, for whoever looks when we are dead.
    let words: UnsafeMutablePointer<UInt64>
    let header: UnsafeMutablePointer<cu_status_header>
    let signals: UnsafeMutablePointer<cu_queue_signals>
    /// At rest its buffers can be given back: they are locked, so that what is not resident was not touched, and the
    /// ring runs the driver's part only when it is entered.
    let givesBack: Bool

    /// Bytes of the device; it may have grown since the last look.
    @inline(__always)
    var size: UInt64 { cu_load64(&header.pointee.size) }
}

/// The data path of one queue, compiled once for each target.
///
/// Invariants: a tag is either with the driver (its command is in the ring) or with us (its request is in the
/// target), so it has one entry at a time; every request that arrives is committed exactly once; nothing in
/// here allocates, retains, locks or waits except in `enter`.
struct QueueLoop<T: Target & ~Copyable, E: Enter & ~Copyable>: ~Copyable {
    let memory: QueueMemory
    var target: T
    var submissions: Submissions<E>

    /// CLOCK_MONOTONIC at the start of this batch of completions.
    var now: UInt64 = 0
    private var inflight: UInt32 = 0
    var repair = QueueRepair()
    var rest = QueueRest()
    /// Slots that the driver took back.
    private var aborted: UInt32 = 0
    /// The driver is taking the slots back; what is in flight is still answered, nothing new is expected.
    private var ending = false
    private var graceArmed = false
    private var graceOver = false
    private var served = false
    var broken: QueueEnd?

    init(memory: QueueMemory, target: consuming T, submissions: consuming Submissions<E>) {
        self.memory = memory
        self.target = target
        self.submissions = submissions
    }

    /// Submits the FETCH of every slot in one entry into the kernel, so that no death leaves the queue half
    /// fetched. Throws what the driver refused a slot with.
    mutating func fetch() throws(Errno) {
        guard armWake(), armTick() else { throw .busy }
        for tag in 0..<memory.depth {
            guard let sqe = submissions.next() else { throw .busy }
            prepare(sqe, CU_IO_FETCH_REQ, tag, 0)
        }
        let taken = submissions.enter.enter(submissions.ring, wait: 0)
        guard taken >= 0 else { throw Errno(-taken) }
        guard cu_sq_waiting(submissions.ring) == 0 else { throw .busy }
        try refusal()
    }

    /// Serves until the driver takes the slots back. `fetch` came first.
    mutating func run() -> QueueEnd {
        while true {
            let taken = submissions.enter.enter(submissions.ring, wait: 1)
            if taken < 0, !Self.passes(taken) { return .ringLost(Errno(-taken)) }
            reap()
            if let broken { return broken }
            if ending, hasNothingBelow(), isOver() { return .ended }
        }
    }

    /// Handles every completion that stands in the ring.
    @inline(__always)
    private mutating func reap() {
        let ring = submissions.ring
        var head = cu_cq_head(ring)
        let tail = cu_cq_tail(ring)
        if head == tail { return }
        now = cu_now_ns()
        var answered = false
        while head != tail {
            let data = UserData(rawValue: cu_cq_user_data(ring, head))
            let result = cu_cq_result(ring, head)
            head &+= 1
            switch data.kind {
            case .slot:
                answered = true
                commandCompleted(data.tag, result)
            case .backend:
                answered = true
                let tag = data.tag
                if repair.stage == .none {
                    settle(
                        tag,
                        target.advance(
                            tag, step: data.step, result: result, slot(tag), buffer(tag), &submissions))
                } else {
                    cameBack(tag, data.step, result)
                }
            default: other(data)
            }
        }
        cu_cq_release(ring, tail)
        if answered { cu_meter_progress(memory.status, now) }
        if rest.isDue, !ending { lookAtRest(idle: inflight == 0) }
    }

    @inline(__always)
    private mutating func commandCompleted(_ tag: UInt16, _ result: Int32) {
        guard result == CU_IO_RES_OK else { return notDelivered(result) }
        let slot = slot(tag)
        slot.pointee.begin(IORequest(memory.descriptors[Int(tag)]), now: now)
        inflight &+= 1
        cu_meter_inflight(memory.status, inflight)
        cu_meter_begin(
            memory.words, UInt32(tag), UInt32(slot.pointee.request.operation.rawValue),
            slot.pointee.request.offset &>> 9)
        let refused = refusal(of: slot.pointee.request)
        if refused != 0 { return settle(tag, .done(refused)) }
        touch(tag)
        if broken != nil { return }
        if repair.stage != .none {
            slot.pointee.place = .parked
        } else {
            settle(tag, target.begin(tag, slot, buffer(tag), &submissions))
        }
    }

    @inline(__always)
    mutating func settle(_ tag: UInt16, _ step: Step) {
        let result: Int32
        switch step {
        case .pending: return
        case .done(let answer): result = answer
        case .reopen(let error):
            guard repair.isGivenUp else { return park(tag, error) }
            result = error
        }
        guard let sqe = submissions.next() else {
            broken = .ringLost(.busy)
            return
        }
        prepare(sqe, CU_IO_COMMIT_AND_FETCH_REQ, tag, result)
        let request = slot(tag).pointee.request
        if result < 0 {
            noteError(tag, request, result)
        } else {
            cu_meter_done(memory.status, UInt32(request.operation.rawValue), request.length)
        }
        if !served { noteFirst() }
        slot(tag).pointee.place = .driver
        cu_meter_end(memory.words, UInt32(tag))
        inflight &-= 1
        cu_meter_inflight(memory.status, inflight)
    }

    /// 0, or the errno for a request that must not reach the target.
    @inline(__always)
    private func refusal(of request: IORequest) -> Int32 {
        // A FLUSH has no place: the driver leaves what looks like one undefined.
        if request.operation == .flush { return 0 }
        if request.operation.hasData {
            // Beyond the buffer or the device: the driver never sends it, and the buffer ends there.
            guard request.length != 0, request.length <= memory.maxIO else {
                return -Errno.invalidArgument.rawValue
            }
        } else if request.operation != .discard, request.operation != .writeZeroes {
            return -Errno.notSupported.rawValue
        }
        let size = memory.size
        guard request.length <= size, request.offset <= size &- request.length else {
            return -Errno.inputOutput.rawValue
        }
        if memory.readOnly, request.operation.modifies { return -Errno.readOnlyDevice.rawValue }
        return 0
    }

    @inline(__always)
    func slot(_ tag: UInt16) -> UnsafeMutablePointer<IOSlot> { memory.slots + Int(tag) }

    @inline(__always)
    func buffer(_ tag: UInt16) -> UnsafeMutableRawPointer {
        memory.buffers + Int(tag) &* memory.stride
    }

    @inline(__always)
    private func prepare(
        _ sqe: UnsafeMutablePointer<io_uring_sqe>, _ command: UInt32, _ tag: UInt16, _ result: Int32
    ) {
        cu_prep_io(
            sqe, Ring.deviceIndex, command, memory.index, tag, result,
            UInt64(UInt(bitPattern: buffer(tag))), UserData(.slot, tag: tag).rawValue)
        #if UBLKD_TEST_POINTS
            if cu_unfenced_device() >= 0 {
                sqe.pointee.fd = cu_unfenced_device()
                sqe.pointee.flags = 0
            }
        #endif
    }
}

// What is not the path of a request.
extension QueueLoop where T: ~Copyable, E: ~Copyable {
    /// Results of `enter` that say "again": a signal, no memory just now, completions to be taken first.
    private static func passes(_ result: Int32) -> Bool {
        let error = Errno(-result)
        return error == .interrupted || error == .tryAgain || error == .busy
    }

    @inline(never)
    private mutating func notDelivered(_ result: Int32) {
        guard result == CU_IO_RES_ABORT else {
            broken = .rejected(Errno(result < 0 ? -result : Errno.protocolError.rawValue))
            return
        }
        aborted &+= 1
        startEnding()
    }

    @inline(never)
    private mutating func other(_ data: UserData) {
        switch data.kind {
        case .wake:
            TestPoint.pass("queue.woken.\(memory.index)")
            cu_meter_answer(memory.status)
            takeBackendOrder()
            if cu_device_ending(memory.signals) != 0 { startEnding() }
            if !armWake() || !armTick() { broken = .ringLost(.busy) }
        case .grace: graceOver = true
        case .cancel: break
        case .rest: rest.isDue = true
        case .tick:
            repair.isTicking = false
            lookAtAges()
            if !armTick() { broken = .ringLost(.busy) }
        default: broken = .rejected(.protocolError)
        }
    }

    /// Every request that came is answered; those that wait for a backend go to the next worker, or fail with
    /// the device.
    private func hasNothingBelow() -> Bool { inflight == 0 || repair.stage != .none && repair.below == 0 }

    /// One aborted slot speaks for the device: a queue whose slots are all with us gets no abort of its own.
    private mutating func startEnding() {
        guard !ending else { return }
        ending = true
        cu_signal_ending(memory.signals)
    }

    /// Every slot came back; or none is with us and the driver had its time to give the rest back. A command
    /// that went in after the driver's sweep gets no completion at all.
    private mutating func isOver() -> Bool {
        if aborted >= UInt32(memory.depth) || graceOver { return true }
        guard !graceArmed else { return false }
        guard let sqe = submissions.next() else { return true }
        cu_prep_grace(sqe, memory.signals, UserData(.grace).rawValue)
        graceArmed = true
        return false
    }

    private mutating func armWake() -> Bool {
        guard let sqe = submissions.next() else { return false }
        cu_prep_wake(sqe, Ring.wakeIndex, memory.signals, UserData(.wake).rawValue)
        return true
    }

    /// A refused FETCH completes within the call that submitted it. The completions stay for `run`.
    private func refusal() throws(Errno) {
        var head = cu_cq_head(submissions.ring)
        let tail = cu_cq_tail(submissions.ring)
        while head != tail {
            let isSlot = UserData(rawValue: cu_cq_user_data(submissions.ring, head)).kind == .slot
            let result = cu_cq_result(submissions.ring, head)
            if isSlot, result < 0, result != CU_IO_RES_ABORT { throw Errno(-result) }
            head &+= 1
        }
    }

    @inline(never)
    private mutating func noteError(_ tag: UInt16, _ request: IORequest, _ result: Int32) {
        cu_meter_error(
            memory.status, now, UInt32(request.operation.rawValue), request.offset &>> 9,
            UInt32(truncatingIfNeeded: request.length &>> 9), UInt32(tag), result)
    }

    @inline(never)
    private mutating func noteFirst() {
        served = true
        TestPoint.pass("queue.first-io.\(memory.index)")
        let moment = cu_now_ns()
        cu_meter_first(memory.header, memory.status, moment)
    }
}
