import BlockABI
import CUblk
import Glibc
import Testing

@testable import QueueEngine

/// Recovery of a queue in place, on a driver that the test plays.
@Suite struct QueueRepairTests {
    private let rig = QueueRig()
    private var driver: FakeDriver { rig.driver }
    private var signals: UnsafeMutablePointer<cu_queue_signals> { rig.memory.signals }

    private func order(_ order: cu_backend_order, backend: Int32 = -1, error: Errno = Errno(0)) {
        cu_order_backend(
            signals, order.rawValue, order == CU_BACKEND_GIVE_UP ? -error.rawValue : backend)
        driver.wake()
    }

    private var word: cu_queue_repair { cu_queue_repair(signals.pointee.repair) }
    private var sent: [UInt64] { driver.open.map(\.user_data) }

    /// Each step runs when the loop would sleep.
    private func serve(_ steps: [() -> Void]) throws {
        driver.steps = steps
        #expect(try rig.serve(rig.fileTarget()) == .ended)
    }

    @Test func whatIsBelowIsCancelledAndBegunAgainWithTheNewBackend() throws {
        try serve([
            {
                driver.deliver(CU_OP_WRITE, tag: 0, sector: 0)
                driver.deliver(CU_OP_READ, tag: 1, sector: 8)
            },
            { order(CU_BACKEND_REPLACE, backend: 42) },
            {
                #expect(driver.cancelled.count == 2)
                #expect(driver.backends == [42], "only once nothing was below")
                #expect(word == CU_REPAIR_DONE)
                #expect(sent.count == 2, "both were begun again")
                #expect(driver.commits.isEmpty, "and nothing was answered")
                #expect(rig.status.state == CU_QUEUE_SERVING.rawValue)
                #expect(rig.status.recoveries == 1)
                driver.open.forEach { driver.answer($0, 4096) }
            },
            {},
        ])
        #expect(driver.commits.map(\.result) == [4096, 4096])
    }

    @Test func aBackendThatAnswersLateIsWaitedFor() throws {
        driver.endsWhatIsCancelled = false
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { order(CU_BACKEND_REPLACE, backend: 42) },
            {
                #expect(driver.backends.isEmpty, "its write may still land")
                #expect(rig.status.state == CU_QUEUE_RECOVERING.rawValue)
                // What comes meanwhile waits.
                driver.deliver(CU_OP_READ, tag: 1, sector: 8)
            },
            {
                #expect(sent.count == 1)
                driver.answer(driver.open[0], 4096)
            },
            {
                #expect(driver.commits.map(\.tag) == [0], "what the old backend finished is answered")
                #expect(driver.backends == [42])
                #expect(sent.count == 1)
                driver.answer(driver.open[0], 4096)
            },
            {},
        ])
        #expect(driver.commits.map(\.tag) == [0, 1])
    }

    @Test(arguments: [Errno.stale, .noSuchDevice, .noSuchDeviceOrAddress])
    func anErrorThatAsksForItIsNoAnswer(error: Errno) throws {
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { driver.answer(driver.open[0], -error.rawValue) },
            {
                #expect(driver.commits.isEmpty)
                #expect(word == CU_REPAIR_NEEDED)
                #expect(signals.pointee.repair_error == -error.rawValue)
                order(CU_BACKEND_REPLACE, backend: 7)
            },
            { driver.answer(driver.open[0], 4096) }, {},
        ])
        #expect(driver.commits.map(\.result) == [4096])
    }

    @Test func withoutABackendItsErrorsAreAnswers() throws {
        let lost = Errno.noSuchDevice
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { driver.answer(driver.open[0], -lost.rawValue) },
            { order(CU_BACKEND_GIVE_UP, error: lost) },
            {
                #expect(driver.commits.map(\.result) == [-lost.rawValue])
                #expect(rig.status.state == CU_QUEUE_FAILED.rawValue)
                driver.deliver(CU_OP_READ, tag: 1)
            },
            { driver.answer(driver.open[0], -lost.rawValue) },
            {
                #expect(driver.commits.count == 2, "the next one fails at once")
                order(CU_BACKEND_REPLACE, backend: 7)
            },
            {
                #expect(rig.status.state == CU_QUEUE_SERVING.rawValue)
                driver.deliver(CU_OP_READ, tag: 2)
            },
            { driver.answer(driver.open[0], 4096) }, {},
        ])
        #expect(driver.commits.map(\.result) == [-lost.rawValue, -lost.rawValue, 4096])
    }

    @Test func whatIsCutOffIsNeitherReadNorWrittenUntilItIsBack() throws {
        let error = -Errno.inputOutput.rawValue
        try serve([
            { driver.deliver(CU_OP_READ, tag: 0, sector: 8, sectors: 16) },
            { driver.answer(driver.open[0], 4096) },
            {
                driver.deliver(CU_OP_READ, tag: 1, sector: 0)
                driver.answer(driver.open[0], 0)
            },
            {
                #expect(driver.commits.isEmpty, "the backend is to be looked at")
                #expect(word == CU_REPAIR_NEEDED)
                #expect(signals.pointee.repair_error == error)
                order(CU_BACKEND_GIVE_UP, error: .inputOutput)
            },
            {
                #expect(driver.commits.map(\.result) == [error])
                #expect(sent.count == 1, "what only waited, and is before the end, is begun again")
                driver.answer(driver.open[0], 4096)
            },
            {
                #expect(driver.commits.map(\.result) == [error, 4096])
                driver.deliver(CU_OP_WRITE, tag: 1, sector: 16)
                driver.deliver(CU_OP_READ, tag: 2, sector: 24)
                driver.deliver(CU_OP_WRITE, tag: 3, sector: 8)
            },
            {
                #expect(driver.commits.map(\.result) == [error, 4096, error, error])
                #expect(sent.count == 1, "only what is before the end goes there")
                driver.answer(driver.open[0], 4096)
            },
            { order(CU_BACKEND_REPLACE, backend: 7) },
            { driver.deliver(CU_OP_WRITE, tag: 1, sector: 16) },
            { driver.answer(driver.open[0], 4096) }, {},
        ])
        #expect(driver.commits.map(\.result) == [error, 4096, error, error, 4096, 4096])
    }

    @Test func aBackendThatEndsEarlyAgainIsNotAskedForForEver() throws {
        try serve([
            { driver.deliver(CU_OP_READ, tag: 0) },
            { driver.answer(driver.open[0], 0) },
            { order(CU_BACKEND_REPLACE, backend: 7) },
            { driver.answer(driver.open[0], 0) }, {},
        ])
        #expect(driver.commits.map(\.result) == [-Errno.inputOutput.rawValue])
    }

    @Test func aRingThatTakesNoBackendSaysSo() throws {
        driver.replaceResult = -Errno.badDescriptor.rawValue
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { order(CU_BACKEND_REPLACE, backend: 7) },
            {
                #expect(word == CU_REPAIR_FAILED)
                #expect(rig.status.state == CU_QUEUE_RECOVERING.rawValue)
                #expect(driver.commits.isEmpty)
            },
        ])
    }

    @Test func aRequestThatIsTooOldNeedsANewBackend() throws {
        signals.pointee.request_limit_ns = 60_000_000_000
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { driver.tickNow() },
            {
                #expect(word == CU_REPAIR_NONE, "it is young")
                rig.memory.slots[0].startedNs &-= 61_000_000_000
                driver.tickNow()
            },
            {
                #expect(word == CU_REPAIR_NEEDED)
                #expect(signals.pointee.repair_error == -Errno.timedOut.rawValue)
                order(CU_BACKEND_REPLACE, backend: 7)
            },
            { driver.answer(driver.open[0], 4096) }, {},
        ])
        #expect(driver.commits.map(\.result) == [4096])
    }

    /// The device is stopped or handed over: what waits here goes with it, or to the next worker.
    @Test func theEndOfTheDeviceEndsAQueueThatWaits() throws {
        try serve([
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { driver.answer(driver.open[0], -Errno.stale.rawValue) },
            { driver.abortAll() },
        ])
        #expect(driver.commits.isEmpty)
    }

    @Test func aTargetWithNothingToOpenGoesOnWithWhatItHas() throws {
        driver.steps = [
            { driver.deliver(CU_OP_WRITE, tag: 0) },
            { order(CU_BACKEND_REPLACE) },
            {
                #expect(word == CU_REPAIR_DONE)
                #expect(driver.backends.isEmpty)
            },
        ]
        #expect(try rig.serve(NullTarget(depth: 4)) == .ended)
        #expect(driver.commits.map(\.result) == [4096])
        #expect(rig.status.recoveries == 1)
    }
}
