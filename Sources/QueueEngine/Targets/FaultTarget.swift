internal import BlockABI
internal import CUblk

/// Another target with faults on purpose, for trials: a request hangs, or waits; then it is answered with EIO, or
/// its base hears of it.
///
/// A wait is a timeout on the queue's own ring under the tag's user data, as any submission of a target: still one
/// entry a tag. Cancelled by its user data it comes back with -ECANCELED: the loop begins the request again.
struct FaultTarget<Base: Target & ~Copyable>: Target, ~Copyable {
    private var base: Base
    /// The delay, and the end of time: at a fixed address for the kernel to read.
    private let times: UnsafeMutablePointer<__kernel_timespec>
    private let waits: Bool
    private let errorShare: UInt64
    private let hangEvery: UInt32
    /// Requests since the last one that hangs.
    private var passed: UInt32 = 0
    /// State of the generator: the same faults in every run of the same requests.
    private var random: UInt64

    /// `queue`: its index, from which its faults follow.
    init(over base: consuming Base, _ faults: InjectedFaults, queue: UInt16) {
        self.base = base
        times = .allocate(capacity: 2)
        times.initialize(
            to: __kernel_timespec(
                tv_sec: Int64(faults.delay / 1_000_000_000), tv_nsec: Int64(faults.delay % 1_000_000_000)))
        // Some 270 years; after that it hangs again.
        (times + 1).initialize(to: __kernel_timespec(tv_sec: 1 << 33, tv_nsec: 0))
        waits = faults.delay > 0
        errorShare = faults.errorShare
        hangEvery = faults.hangEvery
        random = UInt64(queue)
    }

    deinit { times.deallocate() }

    @inline(__always)
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step {
        if hangs() { return wait(FaultStep.hang, tag, slot, &submissions) }
        // One that begins again has waited: with a request_timeout below the delay it would never end otherwise.
        if waits, !slot.pointee.isReplayed { return wait(FaultStep.delay, tag, slot, &submissions) }
        return pass(tag, slot, buffer, &submissions)
    }

    @inline(__always)
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step {
        guard step >= FaultStep.hang else {
            return base.advance(tag, step: step, result: result, slot, buffer, &submissions)
        }
        guard result == -Errno.timerExpired.rawValue else { return .done(result) }
        if step == FaultStep.hang { return wait(step, tag, slot, &submissions) }
        return pass(tag, slot, buffer, &submissions)
    }

    mutating func passedBy(_ tag: UInt16) { base.passedBy(tag) }
    mutating func backendReplaced() { base.backendReplaced() }
    func cameToNothing(_ step: UInt8, _ result: Int32, _ request: IORequest) {
        if step < FaultStep.hang { base.cameToNothing(step, result, request) }
    }
    func stillServes(_ request: IORequest) -> Bool { base.stillServes(request) }

    @inline(__always)
    private mutating func pass<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step {
        if fails() {
            base.passedBy(tag)
            return .done(-Errno.inputOutput.rawValue)
        }
        return base.begin(tag, slot, buffer, &submissions)
    }

    @inline(__always)
    private func wait<E: Enter & ~Copyable>(
        _ step: UInt8, _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>,
        _ submissions: inout Submissions<E>
    ) -> Step {
        guard let sqe = submissions.next() else { return .ringLost }
        slot.pointee.step = step
        // The kernel reads the time when it takes the entry, so one of each kind serves every tag.
        cu_prep_timeout(
            sqe, step == FaultStep.hang ? times + 1 : times,
            UserData(.backend, tag: tag, step: step).rawValue)
        return .pending
    }

    @inline(__always)
    private mutating func hangs() -> Bool {
        guard hangEvery > 0 else { return false }
        passed &+= 1
        guard passed >= hangEvery else { return false }
        passed = 0
        return true
    }

    /// SplitMix64.
    @inline(__always)
    private mutating func fails() -> Bool {
        guard errorShare > 0 else { return false }
        random &+= 0x9E37_79B9_7F4A_7C15
        var word = random
        word = (word ^ (word &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word &>> 27)) &* 0x94D0_49BB_1331_11EB
        return (word ^ (word &>> 31)) &>> 32 < errorShare
    }
}

/// Steps of a fault target's own submissions. Those of its base count up from 0.
enum FaultStep {
    static var hang: UInt8 { 0xFE }
    static var delay: UInt8 { 0xFF }
}
