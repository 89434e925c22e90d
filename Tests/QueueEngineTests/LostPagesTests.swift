import BlockABI
import CUblk
import Testing

@testable import QueueEngine

/// A page that the page cache lost is told to one of the syncs under way: no other may say that all is written.
@Suite struct LostPagesTests {
    private let rig = QueueRig()
    private var driver: FakeDriver { rig.driver }

    private let timeout = UInt8(IORING_OP_TIMEOUT.rawValue)

    /// The submission of `tag` that has no answer yet.
    private func below(_ tag: UInt16) throws -> io_uring_sqe {
        try #require(driver.open.first { UserData(rawValue: $0.user_data).tag == tag })
    }
    private func answer(_ tag: UInt16, _ result: Int32) throws { driver.answer(try below(tag), result) }
    private func flush(_ tag: UInt16) { driver.deliver(CU_OP_FLUSH, tag: tag, sectors: 0) }
    private func isHeld(_ tag: UInt16) throws -> Bool { try below(tag).opcode == timeout }
    /// All that is below ends well.
    private func succeedBelow() { for entry in driver.open { driver.answer(entry, 0) } }
    private func committed(_ tag: UInt16) -> [Int32] {
        driver.commits.filter { $0.tag == tag }.map(\.result)
    }

    /// Each step runs when the loop would sleep.
    private func serve(buffered: Bool = true, _ steps: [() throws -> Void]) throws {
        var thrown: (any Error)?
        driver.steps = steps.map { step in
            {
                guard thrown == nil else { return }
                do { try step() } catch { thrown = error }
            }
        }
        // What a failed test left below is not waited for.
        driver.steps.append {
            for entry in driver.open { driver.answer(entry, -Errno.inputOutput.rawValue) }
        }
        #expect(try rig.serve(rig.fileTarget(buffered: buffered)) == .ended)
        if let thrown { throw thrown }
    }

    @Test(arguments: [(CU_OP_FLUSH, 0, 0), (CU_OP_WRITE, CU_IO_F_FUA, 4096)] as [(Int32, UInt32, Int32)])
    func theOneThatWasToldOfSuccessFailsAsWell(operation: Int32, flags: UInt32, result: Int32) throws {
        try serve([
            {
                flush(0)
                driver.deliver(operation, tag: 1, sectors: operation == CU_OP_FLUSH ? 0 : 8, flags: flags)
            },
            { try answer(1, result) },
            {
                #expect(try isHeld(1) && driver.commits.isEmpty, "the other has not come back")
                try answer(0, -5)
            },
            {},
        ])
        #expect(committed(0) == [-5])
        #expect(committed(1) == [-5])
    }

    @Test func whereNothingWasLostAllSucceed() throws {
        try serve([
            {
                for tag: UInt16 in 0...2 { flush(tag) }
            },
            {
                try answer(1, 0)
                try answer(2, 0)
            },
            {
                #expect(try isHeld(1) && isHeld(2))
                try answer(0, 0)
            },
            {},
        ])
        #expect(committed(0) == [0], "nobody is waited for who waits himself")
        #expect(committed(1) == [0])
        #expect(committed(2) == [0])
    }

    @Test func whatBeganLaterIsNotWaitedFor() throws {
        try serve([
            {
                flush(0)
                flush(1)
            },
            { try answer(1, 0) },
            { flush(2) },
            { try answer(0, 0) },
            {
                #expect(committed(1) == [0])
                #expect(try isHeld(0), "it has the third beside it")
                try answer(2, 0)
            },
            {},
        ])
        #expect(committed(2) == [0])
        #expect(committed(0) == [0])
    }

    @Test func directIOHasNoPagesToLose() throws {
        try serve(
            buffered: false,
            [
                {
                    flush(0)
                    flush(1)
                },
                { try answer(1, 0) },
                {
                    #expect(committed(1) == [0])
                    try answer(0, 0)
                },
                {},
            ])
    }

    @Test func aReportThatCameDuringARecoveryOfTheQueueIsNotForgotten() throws {
        driver.endsWhatIsCancelled = false
        try serve([
            { flush(0) },
            {
                cu_order_backend(rig.memory.signals, CU_BACKEND_REPLACE.rawValue, 42)
                driver.wake()
            },
            { try answer(0, -5) },
            { succeedBelow() },
            {},
        ])
        #expect(driver.backends == [42])
        #expect(committed(0) == [-5], "the new backend was not told of it")
    }

    @Test func aReportThatAsksForAnotherBackendIsNotForgotten() throws {
        try serve([
            { flush(0) },
            { try answer(0, -Errno.noSuchDevice.rawValue) },
            {
                cu_order_backend(rig.memory.signals, CU_BACKEND_REPLACE.rawValue, 42)
                driver.wake()
            },
            { succeedBelow() },
            {},
        ])
        #expect(committed(0) == [-Errno.noSuchDevice.rawValue])
    }
}
