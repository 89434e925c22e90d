import BlockABI
import CUblk
import Testing

@testable import QueueEngine

/// The file target against a backend whose every answer the test chooses.
@Suite struct FileTargetTests {
    /// One submission of the target, as far as it matters.
    struct Asked: Equatable {
        let opcode: UInt8
        /// Bytes from the start of the file; of an fsync 0.
        let offset: UInt64
        let length: UInt64
        /// Bytes into the tag's buffer.
        let into: Int
    }

    /// Serves one request with these answers in turn and tells what the target asked and what it committed.
    private func serve(
        _ operation: Int32, sector: UInt64 = 8, sectors: UInt32 = 16, flags: UInt32 = 0,
        target: (QueueRig) -> FileTarget = { $0.fileTarget() }, answers: [Int32]
    ) throws -> (asked: [Asked], result: Int32?) {
        let rig = QueueRig()
        var left = answers
        var asked: [Asked] = []
        rig.driver.backend = { entry in
            // A pause is over at once.
            if entry.opcode == UInt8(IORING_OP_TIMEOUT.rawValue) { return -62 }
            asked.append(view(entry, rig))
            return left.isEmpty ? -99 : left.removeFirst()
        }
        let results = try rig.results(
            target(rig), [{ $0.deliver(operation, sector: sector, sectors: sectors, flags: flags) }])
        #expect(left.isEmpty, "answers nobody asked for")
        return (asked, results.first)
    }

    private func view(_ entry: io_uring_sqe, _ rig: QueueRig) -> Asked {
        let isFallocate = entry.opcode == UInt8(IORING_OP_FALLOCATE.rawValue)
        let hasBuffer = entry.opcode == read || entry.opcode == write
        return Asked(
            opcode: entry.opcode, offset: entry.off,
            length: isFallocate ? entry.addr : UInt64(entry.len),
            into: hasBuffer ? Int(entry.addr) - Int(bitPattern: rig.buffer(0)) : 0)
    }

    private let read = UInt8(IORING_OP_READ.rawValue)
    private let write = UInt8(IORING_OP_WRITE.rawValue)
    private let fsync = UInt8(IORING_OP_FSYNC.rawValue)
    private let fallocate = UInt8(IORING_OP_FALLOCATE.rawValue)

    @Test(arguments: [CU_OP_READ, CU_OP_WRITE])
    func whatComesShortIsContinued(operation: Int32) throws {
        let opcode = operation == CU_OP_READ ? read : write
        let (asked, result) = try serve(operation, answers: [4096, 512, 3584])
        #expect(
            asked == [
                Asked(opcode: opcode, offset: 4096, length: 8192, into: 0),
                Asked(opcode: opcode, offset: 8192, length: 4096, into: 4096),
                Asked(opcode: opcode, offset: 8704, length: 3584, into: 4608),
            ])
        #expect(result == 8192)
    }

    @Test func directIOGoesOnAtAWholeBlock() throws {
        let (asked, result) = try serve(
            CU_OP_READ, target: { $0.fileTarget(block: 4096) }, answers: [5000, 4096])
        #expect(asked.map(\.offset) == [4096, 8192])
        #expect(result == 8192)
    }

    @Test(arguments: [
        (CU_OP_READ, [Int32(0)]), (CU_OP_READ, [4096, 0]), (CU_OP_READ, [100]), (CU_OP_WRITE, [0]),
    ])
    func theEndOfTheFileIsAnErrorAndNeverZeroes(operation: Int32, answers: [Int32]) throws {
        let rig = QueueRig()
        var left = answers
        rig.driver.backend = { _ in left.removeFirst() }
        let results = try rig.results(
            rig.fileTarget(),
            [
                { $0.deliver(operation, sector: 8, sectors: 16) },
                { driver in
                    guard operation == CU_OP_READ else { return }
                    #expect(driver.commits.isEmpty, "a read is answered when the backend was looked at")
                    cu_order_backend(rig.memory.signals, CU_BACKEND_GIVE_UP.rawValue, -5)
                    driver.wake()
                },
            ])
        #expect(results == [-5])
    }

    @Test(arguments: [Int32(-5), -28, -121, -122])
    func anErrorOfTheBackendIsThatOfTheRequest(error: Int32) throws {
        #expect(try serve(CU_OP_WRITE, answers: [error]).result == error)
        #expect(try serve(CU_OP_READ, answers: [4096, error]).result == error)
    }

    @Test(arguments: [Int32(-4), -11, -125])
    func aRetryIsMadeButNotForEver(error: Int32) throws {
        #expect(try serve(CU_OP_READ, answers: [error, error, 8192]).result == 8192)
        let limit = Int(FileTarget.retryLimit)
        let (asked, result) = try serve(CU_OP_READ, answers: Array(repeating: error, count: limit + 1))
        #expect(asked.count == limit + 1)
        #expect(result == error)
    }

    @Test func flushIsAnFdatasync() throws {
        let (asked, result) = try serve(CU_OP_FLUSH, sector: .max, sectors: 0, answers: [0])
        #expect(asked.map(\.opcode) == [fsync])
        #expect(result == 0)
    }

    @Test func forceUnitAccessIsWrittenThrough() throws {
        let rig = QueueRig()
        var flags: [Int32] = []
        rig.driver.backend = { entry in
            flags.append(entry.rw_flags)
            return 4096
        }
        _ = try rig.results(
            rig.fileTarget(), [{ $0.deliver(CU_OP_WRITE, flags: CU_IO_F_FUA) }, { $0.deliver(CU_OP_WRITE) }])
        #expect(flags == [CU_WRITE_DSYNC, 0])
    }

    @Test(arguments: [(true, [Int32(-5), -5, -5]), (false, [-5, 0, 0])])
    func aLostPageFailsEveryLaterFlush(buffered: Bool, expected: [Int32]) throws {
        let rig = QueueRig()
        var answers: [Int32] = [-5, 0, 0]
        rig.driver.backend = { _ in answers.removeFirst() }
        let flush = { (driver: FakeDriver) in driver.deliver(CU_OP_FLUSH, sectors: 0) }
        #expect(try rig.results(rig.fileTarget(buffered: buffered), [flush, flush, flush]) == expected)
    }

    /// The kernel had no thread for the sync: it was not made, and nothing is lost.
    @Test(arguments: [Int32(-4), -11, -125]) func aSyncThatWasNotMadeLosesNothing(error: Int32) throws {
        let rig = QueueRig()
        var tries = 0
        rig.driver.backend = { entry in
            if entry.opcode == UInt8(IORING_OP_TIMEOUT.rawValue) { return -62 }
            tries += 1
            return tries <= 1 + Int(FileTarget.retryLimit) ? error : 0
        }
        let flush = { (driver: FakeDriver) in driver.deliver(CU_OP_FLUSH, sectors: 0) }
        #expect(try rig.results(rig.fileTarget(buffered: true), [flush, flush]) == [error, 0])
    }

    @Test func whereNothingCanBeUnmappedJustNowZeroesAreWritten() throws {
        let (asked, result) = try serve(CU_OP_WRITE_ZEROES, answers: [-16, 8192])
        #expect(asked.map(\.opcode) == [fallocate, write])
        #expect(result == 0)
        #expect(try serve(CU_OP_DISCARD, answers: [-16]).result == 0)
    }

    @Test func anotherQueuesLostPageFailsThisFlush() throws {
        let rig = QueueRig()
        rig.driver.backend = { _ in
            // The other queue's fdatasync took the report while ours was under way.
            rig.memory.header.pointee.lost = -5
            return 0
        }
        #expect(
            try rig.results(rig.fileTarget(buffered: true), [{ $0.deliver(CU_OP_FLUSH, sectors: 0) }]) == [-5]
        )
    }

    @Test(arguments: [(true, CU_IO_F_FUA, Int32(-5)), (true, 0, 4096), (false, CU_IO_F_FUA, 4096)])
    func aPageThatAnotherSyncLostFailsAWriteThrough(buffered: Bool, flags: UInt32, expected: Int32) throws {
        let rig = QueueRig()
        rig.driver.backend = { _ in
            rig.memory.header.pointee.lost = -5
            return 4096
        }
        let write = { (driver: FakeDriver) in driver.deliver(CU_OP_WRITE, flags: flags) }
        #expect(try rig.results(rig.fileTarget(buffered: buffered), [write]) == [expected])
    }

    @Test(
        arguments: [
            ("unmapped", UInt32(0), true, CU_PUNCH_HOLE), ("kept", CU_IO_F_NOUNMAP, true, CU_ZERO_RANGE),
            ("discard is off", 0, false, CU_ZERO_RANGE),
        ] as [(String, UInt32, Bool, Int32)])
    func zeroesKeepTheirBlocksWhereAsked(what: String, flags: UInt32, mayUnmap: Bool, mode: Int32) throws {
        let rig = QueueRig()
        var modes: [UInt32] = []
        rig.driver.backend = { entry in
            modes.append(entry.len)
            return 0
        }
        let results = try rig.results(
            rig.fileTarget(mayUnmap: mayUnmap), [{ $0.deliver(CU_OP_WRITE_ZEROES, flags: flags) }])
        #expect(modes == [UInt32(mode)], "\(what)")
        #expect(results == [0])
    }

    @Test func zeroesAreWrittenWhereNothingElseWorks() throws {
        // 96 KiB with a buffer of 64 KiB.
        let (asked, result) = try serve(
            CU_OP_WRITE_ZEROES, sectors: 192, answers: [-95, -95, 65_536, 32_768])
        #expect(asked.map(\.opcode) == [fallocate, fallocate, write, write])
        #expect(asked.map(\.offset) == [4096, 4096, 4096, 69_632])
        #expect(asked.map(\.length) == [98_304, 98_304, 65_536, 32_768])
        #expect(result == 0)
    }

    @Test func zeroesWithForceUnitAccessAreSynced() throws {
        let (asked, result) = try serve(CU_OP_WRITE_ZEROES, flags: CU_IO_F_FUA, answers: [0, 0])
        #expect(asked.map(\.opcode) == [fallocate, fsync])
        #expect(result == 0)
    }

    @Test func discardPunchesTheWholeRange() throws {
        let (asked, result) = try serve(CU_OP_DISCARD, sector: 16, sectors: 1024, answers: [0])
        #expect(asked == [Asked(opcode: fallocate, offset: 8192, length: 524_288, into: 0)])
        #expect(result == 0)
    }
}
