internal import BlockABI
internal import CUblk

/// Whether a queue is at rest, so that its buffers can be given back.
struct QueueRest {
    /// The timeout is in the ring.
    var isTimed = false
    /// A request came since the timeout went in.
    var isDisturbed = false
    /// The timeout is over.
    var isDue = false
}

// A queue at rest gives its buffers back. A page is resident, locked as a rule, from its first use on, and the block
// layer takes the tags in turn: a few large requests (udev reads every new disk) make many buffers resident, in the
// end all of them as a whole.
//
// At rest every slot's command is with the driver, which copies a WRITE into the slot's buffer before it completes the
// command. Nothing is lost by that for two reasons, of which each is enough. The ring runs the driver's part only
// within `enter`, and what came there was reaped before. And a WRITE that is the first in a buffer that was given back
// must be resident: were it not, the process would end, and the request would run again or fail, as the device's mode
// of recovery is; zeroes never go below in place of data.
extension QueueLoop where T: ~Copyable, E: ~Copyable {
    /// Bytes of each buffer that stay: small requests find their page as they left it.
    static var kept: UInt32 { 4096 }

    /// Notes what a request that came will have touched of its buffer.
    @inline(__always)
    mutating func touch(_ tag: UInt16) {
        rest.isDisturbed = true
        let slot = slot(tag)
        if slot.pointee.isGivenBack { check(tag) }
        let request = slot.pointee.request
        let reach: UInt32
        if request.operation.hasData {
            reach = UInt32(truncatingIfNeeded: request.length)
        } else if request.operation == .writeZeroes {
            // Zeroes may have to be written from the buffer.
            reach = UInt32(truncatingIfNeeded: memory.stride)
        } else {
            return
        }
        guard reach > Self.kept else { return }
        slot.pointee.touched = max(slot.pointee.touched, reach)
        if !rest.isTimed { timeRest() }
    }

    /// The first request of a buffer that was given back.
    @inline(never)
    private mutating func check(_ tag: UInt16) {
        slot(tag).pointee.isGivenBack = false
        let request = slot(tag).pointee.request
        let kept = UInt64(Self.kept)
        guard request.operation == .write, request.length > kept else { return }
        let rest = Int(truncatingIfNeeded: request.length &- kept)
        if cu_is_resident(buffer(tag) + Int(kept), rest) != 1 { broken = .rejected(.protocolError) }
    }

    @inline(never)
    private mutating func timeRest() {
        guard memory.givesBack else { return }
        guard let sqe = submissions.next() else {
            broken = .ringLost(.busy)
            return
        }
        cu_prep_rest(sqe, memory.signals, UserData(.rest).rawValue)
        rest.isTimed = true
        rest.isDisturbed = false
    }

    /// The timeout is over, and every completion that stood in the ring is handled.
    @inline(never)
    mutating func lookAtRest(idle: Bool) {
        rest.isDue = false
        rest.isTimed = false
        guard idle, !rest.isDisturbed, repair.stage == .none else { return timeRest() }
        let kept = Int(Self.kept)
        for tag in 0..<memory.depth where slot(tag).pointee.touched > Self.kept {
            // Whoever waits does so for one buffer at most.
            guard cu_cq_head(submissions.ring) == cu_cq_tail(submissions.ring) else { return timeRest() }
            let bytes = (Int(slot(tag).pointee.touched) &+ 4095) & ~4095
            guard cu_give_back(buffer(tag) + kept, bytes &- kept) == 0 else { continue }
            slot(tag).pointee.touched = 0
            slot(tag).pointee.isGivenBack = true
        }
    }
}
