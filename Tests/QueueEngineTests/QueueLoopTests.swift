import BlockABI
import CUblk
import Glibc
import Testing

@testable import QueueEngine

@Suite struct QueueLoopTests {
    @Test(arguments: [UInt16(1), 5, 128, 4096])
    func everySlotIsFetchedInOneEntry(depth: UInt16) throws {
        let rig = QueueRig(depth: depth, maxIO: 4096)
        #expect(try rig.serve(NullTarget(depth: depth)) == .ended)
        #expect(rig.driver.fetched == Array(0..<depth))
        #expect(rig.driver.firstTaken == Int(depth) + 1)
        #expect(Set(rig.driver.buffers.values).count == Int(depth))
        #expect(rig.driver.buffers.values.allSatisfy { $0 % 4096 == 0 })
    }

    @Test func nullReadsZeroesEvenAfterAWrite() throws {
        let rig = QueueRig()
        memset(rig.buffer(0), 0xff, 65_536)
        let results = try rig.results(
            NullTarget(depth: 4),
            [
                { $0.deliver(CU_OP_READ, sectors: 16) },
                {
                    #expect(isZero(rig.buffer(0), 8192))
                    memset(rig.buffer(0), 0xff, 4096)
                    $0.deliver(CU_OP_WRITE, sectors: 8)
                },
                { $0.deliver(CU_OP_READ, sectors: 8) },
                // A flush has no place: this is what the block layer sends.
                { $0.deliver(CU_OP_FLUSH, sector: .max, sectors: 0) },
                { $0.deliver(CU_OP_DISCARD, sectors: 64) },
            ])
        #expect(results == [8192, 4096, 4096, 0, 0])
        #expect(isZero(rig.buffer(0), 4096))
    }

    @Test func itCountsWhatItServes() throws {
        let rig = QueueRig()
        _ = try rig.results(
            NullTarget(depth: 4),
            [
                { $0.deliver(CU_OP_READ, sectors: 8) }, { $0.deliver(CU_OP_READ, sectors: 16) },
                { $0.deliver(CU_OP_WRITE, sectors: 2) }, { $0.deliver(CU_OP_FLUSH, sectors: 0) },
                { $0.deliver(CU_OP_WRITE_ZEROES, sectors: 8) },
            ])
        let status = rig.status
        #expect([status.reads, status.writes, status.flushes, status.others] == [2, 1, 1, 1])
        #expect(status.read_bytes == 12_288)
        #expect(status.write_bytes == 1024)
        #expect(status.inflight == 0)
        #expect(status.errors == 0)
        #expect(status.last_progress_ns > 0)
        #expect(status.first_io_ns > 0)
        #expect(rig.memory.header.pointee.first_io_ns == status.first_io_ns)
    }

    @Test func aFullQueueNeedsNoFlushOfTheRing() throws {
        let depth: UInt16 = 128
        let rig = QueueRig(depth: depth, maxIO: 4096)
        let driver = rig.driver
        for _ in 0..<3 {
            driver.steps.append {
                for tag in 0..<depth { driver.deliver(CU_OP_READ, tag: tag, sector: UInt64(tag) * 8) }
            }
            driver.steps.append {
                #expect(rig.status.inflight == UInt32(depth))
                for entry in driver.open.reversed() { driver.answer(entry, 4096) }
            }
        }
        var loop = rig.loop(rig.fileTarget())
        try loop.fetch()
        #expect(loop.run() == .ended)
        #expect(loop.submissions.flushes == 0)
        #expect(driver.commits.count == 3 * Int(depth))
        #expect(driver.commits.allSatisfy { $0.result == 4096 })
        #expect(rig.status.inflight == 0)
    }

    @Test func aFullSubmissionQueueIsEmptiedAndCounted() throws {
        let rig = QueueRig(depth: 8, entries: 4)
        let driver = rig.driver
        driver.steps = [
            { for tag in 0..<8 { driver.deliver(CU_OP_READ, tag: UInt16(tag)) } }
        ]
        var loop = rig.loop(NullTarget(depth: 8))
        // Not all at once, so that a queue of this size would be refused; the loop itself goes on.
        #expect(throws: Never.self) { try loop.fetch() }
        #expect(loop.run() == .ended)
        #expect(loop.submissions.flushes > 0)
        #expect(driver.commits.count == 8)
    }

    @Test(
        arguments: [
            ("larger than the buffer", CU_OP_READ, UInt64(0), UInt32(256), Int32(-22)),
            ("no bytes", CU_OP_WRITE, 0, 0, -22), ("past the end", CU_OP_READ, 2047, 8, -5),
            ("so far past it that the sum wraps", CU_OP_READ, UInt64.max >> 9, 8, -5),
            ("discard past the end", CU_OP_DISCARD, 0, 4096, -5), ("unknown", CU_OP_ZONE_APPEND, 0, 8, -95),
        ] as [(String, Int32, UInt64, UInt32, Int32)])
    func whatTheDriverShouldNotSendIsRefused(
        what: String, operation: Int32, sector: UInt64, sectors: UInt32, expected: Int32
    ) throws {
        let rig = QueueRig(maxIO: 65_536, size: 1 << 20)
        let results = try rig.results(
            NullTarget(depth: 4), [{ $0.deliver(operation, sector: sector, sectors: sectors) }])
        #expect(results == [expected], "\(what)")
        #expect(rig.status.errors == 1)
    }

    @Test(
        arguments: [
            (CU_OP_READ, 4096), (CU_OP_WRITE, -30), (CU_OP_DISCARD, -30), (CU_OP_WRITE_ZEROES, -30),
            (CU_OP_FLUSH, 0),
        ] as [(Int32, Int32)])
    func aReadOnlyDeviceChangesNothing(operation: Int32, expected: Int32) throws {
        let rig = QueueRig(readOnly: true)
        #expect(try rig.results(NullTarget(depth: 4), [{ $0.deliver(operation) }]) == [expected])
    }

    @Test func anErrorLeavesARecord() throws {
        let rig = QueueRig()
        _ = try rig.results(FailingTarget(), [{ $0.deliver(CU_OP_WRITE, tag: 2, sector: 40, sectors: 8) }])
        let record = rig.status.error.0
        #expect(rig.status.errors == 1)
        #expect(record.sector == 40)
        #expect(record.sectors == 8)
        #expect(record.tag == 2)
        #expect(record.result == -5)
        #expect(record.op == UInt32(CU_OP_WRITE))
        #expect(rig.status.writes == 0)
    }

    @Test func theNewestErrorsAreKept() throws {
        let rig = QueueRig()
        let requests = (0..<20).map { sector in
            { (driver: FakeDriver) in driver.deliver(CU_OP_READ, sector: UInt64(sector)) }
        }
        _ = try rig.results(FailingTarget(), requests)
        #expect(rig.status.errors == 20)
        #expect(rig.status.error.3.sector == 19)
        #expect(rig.status.error.4.sector == 4)
    }

    @Test func aProbeIsAnsweredWhileTheBackendHangs() throws {
        let rig = QueueRig()
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_READ) },
            {
                rig.memory.status.pointee.probe_asked = 7
                driver.wake()
            },
            {
                #expect(rig.status.probe_answered == 7)
                #expect(rig.status.inflight == 1)
                rig.memory.status.pointee.probe_asked = 8
                driver.wake()
            },
            { driver.answer(driver.open[0], 4096) },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(rig.status.probe_answered == 8)
    }

    @Test func aRefusedFetchIsAnErrorBeforeServing() {
        let rig = QueueRig()
        rig.driver.refusal = { _, tag in tag == 2 ? -16 : nil }
        #expect(throws: Errno.busy) { try rig.serve(NullTarget(depth: 4)) }
    }

    @Test func aRefusedCommitIsABrokenInvariant() throws {
        let rig = QueueRig()
        rig.driver.refusal = { command, _ in command == CU_IO_COMMIT_AND_FETCH_REQ ? -22 : nil }
        rig.driver.steps = [{ rig.driver.deliver(CU_OP_READ) }]
        #expect(try rig.serve(NullTarget(depth: 4)) == .rejected(.invalidArgument))
    }

    @Test func aSignalOrAShortageOfMemoryIsPassedOver() throws {
        let rig = QueueRig()
        let driver = rig.driver
        driver.steps = [
            {
                driver.deliver(CU_OP_READ)
                driver.enterResults = [-4, -11, -16]
            }
        ]
        #expect(try rig.serve(NullTarget(depth: 4)) == .ended)
        #expect(driver.commits == [.init(tag: 0, result: 4096)])
    }

    @Test func aLostRingEndsTheLoop() throws {
        let rig = QueueRig()
        var loop = rig.loop(NullTarget(depth: 4))
        try loop.fetch()
        rig.driver.enterResults = [-9]
        #expect(loop.run() == .ringLost(.badDescriptor))
    }
}

@Suite struct QueueEndingTests {
    @Test func itEndsOnceEverySlotIsTakenBack() throws {
        let rig = QueueRig(depth: 4)
        let driver = rig.driver
        driver.steps = [{ driver.abort([0, 1]) }, { driver.abort([2, 3]) }]
        #expect(try rig.serve(NullTarget(depth: 4)) == .ended)
        #expect(rig.ending.pointee == 1)
        #expect(rig.memory.signals.pointee.phase == CU_PHASE_ENDING.rawValue)
    }

    @Test func whatIsInFlightIsStillAnswered() throws {
        let rig = QueueRig(depth: 2)
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_WRITE, tag: 0) }, { driver.abort([1]) },
            { driver.answer(driver.open[0], 4096) },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(driver.commits == [.init(tag: 0, result: 4096)])
    }

    /// Kernel 7: a command that goes in after the driver's sweep gets no completion.
    @Test func aSlotThatNeverComesBackDoesNotKeepTheQueue() throws {
        let rig = QueueRig(depth: 2)
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            {
                driver.abort([1])
                driver.swept = true
            },
            { driver.answer(driver.open[0], 4096) },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(driver.commits.count == 1)
    }

    /// A queue whose slots are all with its target hears of the end from the others.
    @Test func theEndIsHeardThroughTheEventfd() throws {
        let rig = QueueRig(depth: 1)
        let driver = rig.driver
        driver.steps = [
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            {
                rig.ending.pointee = 1
                driver.wake()
            },
            { driver.answer(driver.open[0], 4096) },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(driver.commits.count == 1)
    }
}

func isZero(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Bool {
    UnsafeRawBufferPointer(start: bytes, count: count).allSatisfy { $0 == 0 }
}
