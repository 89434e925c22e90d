import BlockABI
import CUblk
import MallocCount
import Testing

@testable import QueueEngine

/// The other side of the ring for the budget: answers every command at once, by pointers alone, until enough
/// requests were served.
private struct BudgetEnter: Enter, ~Copyable {
    let descriptors: UnsafeMutablePointer<cu_io_desc>
    /// Requests still to be delivered.
    var left: Int
    let operation: UInt32

    mutating func replaceBackend(_ ring: UnsafeMutablePointer<io_uring>, by descriptor: Int32) -> Int32 {
        -22
    }

    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32 {
        let sq = ring.pointee.sq
        let cq = ring.pointee.cq
        var head = sq.khead.pointee
        var tail = cq.ktail.pointee
        let taken = sq.sqe_tail &- head
        while head != sq.sqe_tail {
            let entry = sq.sqes + Int(head & sq.ring_mask)
            let data = UserData(rawValue: entry.pointee.user_data)
            head &+= 1
            if data.kind == .wake || data.kind == .rest { continue }
            let place = cq.cqes + Int(tail & cq.ring_mask)
            place.pointee.user_data = data.rawValue
            if data.kind == .slot {
                place.pointee.res = left > 0 ? 0 : CU_IO_RES_ABORT
                descriptors[Int(data.tag)].op_flags = operation
                descriptors[Int(data.tag)].nr_sectors = 8
                left -= 1
            } else {
                // A request's delay is over, or the file has answered.
                place.pointee.res = data.step == FaultStep.delay ? -Errno.timerExpired.rawValue : 4096
            }
            tail &+= 1
        }
        ring.pointee.sq.khead.pointee = head
        ring.pointee.sq.sqe_head = head
        ring.pointee.cq.ktail.pointee = tail
        return Int32(taken)
    }
}

/// What a request may cost in memory. That the shipped loop retains nothing either is read off the release
/// build's instructions, by Tests/budget/loop-calls.
@Suite struct BudgetTests {
    /// Allocations of this thread while the loop serves so many requests.
    private func mallocs<T: Target & ~Copyable>(
        _ requests: Int, _ operation: Int32, _ target: (QueueRig) -> T
    ) throws -> UInt64 where T: ~Copyable {
        let rig = QueueRig(depth: 64)
        var loop = QueueLoop(
            memory: rig.memory, target: target(rig),
            submissions: Submissions(
                ring: rig.driver.ring.raw,
                enter: BudgetEnter(
                    descriptors: rig.driver.descriptors, left: requests, operation: UInt32(operation))))
        try loop.fetch()
        let before = malloc_count()
        let end = loop.run()
        let after = malloc_count()
        #expect(end == .ended)
        #expect(
            rig.status.reads + rig.status.writes + rig.status.flushes + rig.status.errors == UInt64(requests))
        return after - before
    }

    @Test func theCounterCounts() {
        let before = malloc_count()
        let array = [Int](repeating: 1, count: 100)
        #expect(malloc_count() > before)
        #expect(array.count == 100)
    }

    @Test(arguments: [CU_OP_READ, CU_OP_WRITE, CU_OP_FLUSH])
    func aRequestAllocatesNothing(operation: Int32) throws {
        // What does not grow with the requests is not a cost of a request: type metadata on the first use.
        _ = try mallocs(1_000, operation) { _ in NullTarget(depth: 64) }
        #expect(try mallocs(101_000, operation) { _ in NullTarget(depth: 64) } == 0)
        _ = try mallocs(1_000, operation) { $0.fileTarget() }
        #expect(try mallocs(101_000, operation) { $0.fileTarget() } == 0)
        let faults = InjectedFaults(delay: 1_000, errorShare: InjectedFaults.all / 8)
        _ = try mallocs(1_000, operation) { FaultTarget(over: $0.fileTarget(), faults, queue: 0) }
        #expect(try mallocs(101_000, operation) { FaultTarget(over: $0.fileTarget(), faults, queue: 0) } == 0)
    }
}
