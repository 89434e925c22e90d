internal import BlockABI
internal import CUblk

// Recovery of one queue in place: cancel what is below, wait until it is really over, go on with the backend that
// the supervisor passes, and begin the requests again. Device, worker and the other queues stay as they are.
extension QueueLoop where T: ~Copyable, E: ~Copyable {
    /// The backend of this request has to be opened anew.
    @inline(never)
    mutating func park(_ tag: UInt16, _ error: Int32) {
        slot(tag).pointee.place = .parked
        begin()
        cu_signal_repair(memory.signals, CU_REPAIR_NEEDED.rawValue, error)
    }

    /// An order that came while one is carried out takes its place.
    @inline(never)
    mutating func takeBackendOrder() {
        let word = cu_take_backend_order(memory.signals)
        let order = UInt32(truncatingIfNeeded: word >> 32)
        guard order != CU_BACKEND_KEEP.rawValue else { return }
        let value = Int32(truncatingIfNeeded: word)
        if order == CU_BACKEND_GIVE_UP.rawValue {
            guard repair.stage != .none else { return }
            repair.offer = .giveUp(value)
        } else {
            repair.offer = .backend(value)
            begin()
        }
        goOn()
    }

    /// Requests that are older than the limit are not waited for any longer.
    @inline(never)
    mutating func lookAtAges() {
        let limit = cu_load64(&memory.signals.pointee.request_limit_ns)
        guard limit != 0, repair.stage == .none else { return }
        for tag in 0..<memory.depth where slot(tag).pointee.place == .target {
            guard now > slot(tag).pointee.startedNs, now - slot(tag).pointee.startedNs > limit else {
                continue
            }
            begin()
            cu_signal_repair(memory.signals, CU_REPAIR_NEEDED.rawValue, -Errno.timedOut.rawValue)
            return goOn()
        }
    }

    /// False: the ring takes no entry any more.
    mutating func armTick() -> Bool {
        guard !repair.isTicking, cu_load64(&memory.signals.pointee.request_limit_ns) != 0 else { return true }
        guard let sqe = submissions.next() else { return false }
        cu_prep_tick(sqe, memory.signals, UserData(.tick).rawValue)
        repair.isTicking = true
        return true
    }

    /// A completion of the old backend: what it finished is answered, everything else begins again later.
    @inline(never)
    mutating func cameBack(_ tag: UInt16, _ step: UInt8, _ result: Int32) {
        repair.below &-= 1
        slot(tag).pointee.place = .parked
        if result >= 0 {
            switch target.advance(tag, step: step, result: result, slot(tag), buffer(tag), &submissions) {
            case .done(let answer): settle(tag, .done(answer))
            case .reopen: break
            case .pending:
                slot(tag).pointee.place = .target
                repair.below &+= 1
                cancel(tag)
            }
        } else {
            target.cameToNothing(step, result, slot(tag).pointee.request)
        }
        goOn()
    }

    private mutating func begin() {
        guard repair.stage == .none else { return }
        repair.stage = .draining
        repair.below = 0
        cu_meter_state(memory.status, CU_QUEUE_RECOVERING.rawValue)
        for tag in 0..<memory.depth where slot(tag).pointee.place == .target {
            repair.below &+= 1
            cancel(tag)
        }
        if repair.below == 0 { repair.stage = .waiting }
    }

    private mutating func cancel(_ tag: UInt16) {
        guard let sqe = submissions.next() else {
            broken = .ringLost(.busy)
            return
        }
        let entry = UserData(.backend, tag: tag, step: slot(tag).pointee.step)
        io_uring_prep_cancel64(sqe, entry.rawValue, 0)
        sqe.pointee.user_data = UserData(.cancel).rawValue
    }

    private mutating func goOn() {
        if repair.stage == .draining, repair.below == 0 { repair.stage = .waiting }
        guard repair.stage == .waiting else { return }
        let offer = repair.offer
        repair.offer = .none
        switch offer {
        case .none: break
        case .backend(let descriptor): takeOn(descriptor)
        case .giveUp(let error): giveUp(error)
        }
    }

    private mutating func takeOn(_ descriptor: Int32) {
        cu_store_i32(&memory.signals.pointee.taken, descriptor)
        if descriptor >= 0 {
            let result = submissions.enter.replaceBackend(submissions.ring, by: descriptor)
            guard result >= 0 else {
                return cu_signal_repair(memory.signals, CU_REPAIR_FAILED.rawValue, result)
            }
        }
        repair.stage = .none
        repair.isGivenUp = false
        target.backendReplaced()
        cu_add64(&memory.status.pointee.recoveries, 1)
        cu_meter_state(memory.status, CU_QUEUE_SERVING.rawValue)
        cu_signal_repair(memory.signals, CU_REPAIR_DONE.rawValue, 0)
        // The new backend may be broken, too: then the rest waits for the next one.
        for tag in 0..<memory.depth where slot(tag).pointee.place == .parked && repair.stage == .none {
            let slot = slot(tag)
            slot.pointee.begin(slot.pointee.request, now: now)
            slot.pointee.isReplayed = true
            settle(tag, target.begin(tag, slot, buffer(tag), &submissions))
        }
    }

    private mutating func giveUp(_ error: Int32) {
        repair.stage = .none
        repair.isGivenUp = true
        cu_meter_state(memory.status, CU_QUEUE_FAILED.rawValue)
        for tag in 0..<memory.depth where slot(tag).pointee.place == .parked {
            let slot = slot(tag)
            guard target.stillServes(slot.pointee.request) else {
                settle(tag, .done(error))
                continue
            }
            slot.pointee.begin(slot.pointee.request, now: now)
            settle(tag, target.begin(tag, slot, buffer(tag), &submissions))
        }
    }
}

extension Errno {
    /// What a file or block device says when not this request failed but the open backend is of no use any more.
    var asksForReopening: Bool {
        [.stale, .noSuchDevice, .noSuchDeviceOrAddress, .shutdown].contains(self)
    }
}
