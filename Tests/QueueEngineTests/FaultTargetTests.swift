import BlockABI
import CUblk
import Testing

@testable import QueueEngine

/// Faults on purpose, over each base: what each request meets, and that the queue goes on.
@Suite struct FaultTargetTests {
    private static let elapsed = -Errno.timerExpired.rawValue

    private func null(_ faults: InjectedFaults, depth: UInt16 = 4, queue: UInt16 = 0) -> FaultTarget<
        NullTarget
    > {
        FaultTarget(over: NullTarget(depth: depth), faults, queue: queue)
    }

    /// Seconds and nanoseconds of a timeout as the kernel would read them now.
    private func time(_ entry: io_uring_sqe) -> [Int64] {
        guard let time = UnsafePointer<__kernel_timespec>(bitPattern: UInt(entry.addr)) else { return [] }
        return [time.pointee.tv_sec, time.pointee.tv_nsec]
    }

    private func isTimeout(_ entry: io_uring_sqe) -> Bool {
        entry.opcode == UInt8(IORING_OP_TIMEOUT.rawValue)
    }

    @Test func withoutAFaultItIsItsBase() throws {
        let rig = QueueRig()
        let requests: [(FakeDriver) -> Void] = [
            { $0.deliver(CU_OP_READ, sectors: 16) }, { $0.deliver(CU_OP_FLUSH, sectors: 0) },
            { $0.deliver(CU_OP_WRITE, sectors: 8) },
        ]
        #expect(try rig.results(null(InjectedFaults()), requests) == [8192, 0, 4096])
        #expect(rig.driver.open.isEmpty)
    }

    @Test func aDelayStandsBeforeTheBase() throws {
        let rig = QueueRig()
        let driver = rig.driver
        driver.steps = [
            {
                driver.deliver(CU_OP_READ, tag: 0)
                driver.deliver(CU_OP_WRITE, tag: 1, sector: 8)
            },
            {
                #expect(driver.open.count == 2)
                #expect(driver.open.allSatisfy { isTimeout($0) && $0.off == 0 && $0.flags == 0 })
                #expect(driver.open.map(time) == [[1, 500_000_000], [1, 500_000_000]])
                #expect(driver.commits.isEmpty)
                #expect(rig.status.inflight == 2)
                driver.answer(driver.open[1], Self.elapsed)
            },
            {
                // Tag 1 is with the file now, tag 0 still waits.
                #expect(driver.open.map { $0.opcode == UInt8(IORING_OP_WRITE.rawValue) } == [false, true])
                driver.answer(driver.open[1], 4096)
            },
            {
                #expect(driver.commits == [.init(tag: 1, result: 4096)])
                driver.answer(driver.open[0], Self.elapsed)
            },
            { driver.answer(driver.open[0], -28) },
        ]
        let target = FaultTarget(
            over: rig.fileTarget(), InjectedFaults(delay: 1_500_000_000), queue: 0)
        #expect(try rig.serve(target) == .ended)
        // The base's own errors are its own.
        #expect(driver.commits == [.init(tag: 1, result: 4096), .init(tag: 0, result: -28)])
    }

    @Test func aFullQueueOfDelaysNeedsNoFlushOfTheRing() throws {
        let depth: UInt16 = 128
        let rig = QueueRig(depth: depth, maxIO: 4096)
        let driver = rig.driver
        driver.backend = { entry in isTimeout(entry) ? Self.elapsed : 4096 }
        for _ in 0..<3 {
            driver.steps.append {
                for tag in 0..<depth { driver.deliver(CU_OP_READ, tag: tag, sector: UInt64(tag) * 8) }
            }
        }
        var loop = rig.loop(FaultTarget(over: rig.fileTarget(), InjectedFaults(delay: 1), queue: 0))
        try loop.fetch()
        #expect(loop.run() == .ended)
        #expect(loop.submissions.flushes == 0)
        #expect(driver.commits.count == 3 * Int(depth))
        #expect(driver.commits.allSatisfy { $0.result == 4096 })
    }

    @Test func oneOfSoManyHangsWhileTheOthersGoOn() throws {
        let rig = QueueRig(depth: 8)
        let driver = rig.driver
        driver.steps = [
            { for tag in 0..<8 { driver.deliver(CU_OP_READ, tag: UInt16(tag)) } },
            {
                #expect(driver.commits.map(\.tag) == [0, 1, 3, 4, 6, 7])
                #expect(driver.open.map { UserData(rawValue: $0.user_data).tag } == [2, 5])
                #expect(driver.open.allSatisfy { isTimeout($0) && time($0)[0] > 100 * 365 * 86_400 })
                #expect(rig.status.inflight == 2)
                // Even the end of time is no answer.
                driver.answer(driver.open[0], Self.elapsed)
            },
            {
                #expect(driver.commits.count == 6)
                for entry in driver.open { driver.answer(entry, -Errno.canceled.rawValue) }
            },
        ]
        #expect(try rig.serve(null(InjectedFaults(hangEvery: 3), depth: 8)) == .ended)
        #expect(driver.commits.suffix(2).map(\.result) == [-125, -125])
    }

    @Test(arguments: [InjectedFaults(delay: 1_000_000), InjectedFaults(hangEvery: 1)])
    func whatIsCancelledIsAnsweredAndNotLost(faults: InjectedFaults) throws {
        let rig = QueueRig()
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_WRITE, tag: 3) },
            { driver.answer(driver.open[0], -Errno.canceled.rawValue) },
        ]
        #expect(try rig.serve(null(faults)) == .ended)
        #expect(driver.commits == [.init(tag: 3, result: -Errno.canceled.rawValue)])
        #expect(rig.status.inflight == 0)
        #expect(rig.status.errors == 1)
    }

    /// Errors of `count` reads of one queue, by request.
    private func errors(_ share: UInt64, queue: UInt16, count: Int) throws -> [Bool] {
        let rig = QueueRig()
        let requests = (0..<count).map { _ in { (driver: FakeDriver) in driver.deliver(CU_OP_READ) } }
        let results = try rig.results(null(InjectedFaults(errorShare: share), queue: queue), requests)
        #expect(results.allSatisfy { $0 == 4096 || $0 == -Errno.inputOutput.rawValue })
        #expect(rig.status.errors == UInt64(results.count { $0 < 0 }))
        return results.map { $0 < 0 }
    }

    @Test(arguments: [(0.0, 0...0), (0.01, 60...140), (0.5, 4800...5200), (1.0, 10_000...10_000)])
    func aboutTheirShareIsAnsweredWithEIO(rate: Double, expected: ClosedRange<Int>) throws {
        let share = UInt64(rate * Double(InjectedFaults.all))
        let found = try errors(share, queue: 0, count: 10_000).count { $0 }
        #expect(expected.contains(found), "\(found) of 10000")
    }

    @Test func theErrorsOfAQueueAreTheSameInEveryRunAndOthersInEveryQueue() throws {
        let half = InjectedFaults.all / 2
        let first = try errors(half, queue: 0, count: 200)
        #expect(try errors(half, queue: 0, count: 200) == first)
        #expect(try errors(half, queue: 1, count: 200) != first)
    }

    @Test func anErrorComesAfterItsDelay() throws {
        let rig = QueueRig()
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_READ) },
            {
                #expect(driver.commits.isEmpty)
                driver.answer(driver.open[0], Self.elapsed)
            },
        ]
        #expect(try rig.serve(null(InjectedFaults(delay: 1, errorShare: InjectedFaults.all))) == .ended)
        #expect(driver.commits == [.init(tag: 0, result: -Errno.inputOutput.rawValue)])
    }

    /// The ring's own timeouts, real ones of this host.
    @Test func aRingOfThisHostDelaysAndCancels() throws {
        let raw = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        defer { raw.deallocate() }
        raw.initialize(to: io_uring())
        try Errno.check(io_uring_queue_init(8, raw, 0))
        defer { io_uring_queue_exit(raw) }
        func complete(_ entry: io_uring_sqe, cancelling: Bool) -> Int32 {
            io_uring_get_sqe(raw)?.pointee = entry
            io_uring_submit(raw)
            if cancelling, let sqe = io_uring_get_sqe(raw) {
                io_uring_prep_cancel64(sqe, entry.user_data, 0)
                sqe.pointee.user_data = 0
                io_uring_submit(raw)
            }
            var result: Int32 = 0
            for _ in 0..<(cancelling ? 2 : 1) {
                io_uring_submit_and_wait(raw, 1)
                let head = cu_cq_head(raw)
                if cu_cq_user_data(raw, head) == entry.user_data { result = cu_cq_result(raw, head) }
                cu_cq_release(raw, head &+ 1)
            }
            return result
        }
        let delayed = QueueRig()
        delayed.driver.backend = { complete($0, cancelling: false) }
        let began = cu_now_ns()
        let results = try delayed.results(
            null(InjectedFaults(delay: 20_000_000)), [{ $0.deliver(CU_OP_READ) }])
        #expect(results == [4096])
        #expect(cu_now_ns() - began >= 20_000_000)

        let hung = QueueRig()
        hung.driver.backend = { complete($0, cancelling: true) }
        #expect(try hung.results(null(InjectedFaults(hangEvery: 1)), [{ $0.deliver(CU_OP_READ) }]) == [-125])
    }
}
