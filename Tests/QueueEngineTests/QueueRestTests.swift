import BlockABI
import CUblk
import Glibc
import Testing

@testable import QueueEngine

/// What a worker keeps of its buffers.
@Suite struct QueueRestTests {
    /// Pages of the tag's buffer that are resident, by `mincore(2)`.
    private func resident(_ rig: QueueRig, _ tag: UInt16 = 0) -> Int {
        var pages = [UInt8](repeating: 0, count: rig.memory.stride / 4096)
        #expect(mincore(rig.buffer(tag), rig.memory.stride, &pages) == 0)
        return pages.count { $0 & 1 == 1 }
    }

    /// What the driver does for a WRITE: the data is in the buffer when the request is.
    private func write(_ rig: QueueRig, _ tag: UInt16 = 0, bytes: Int, _ byte: Int32 = 0xaa) {
        memset(rig.buffer(tag), byte, bytes)
        rig.driver.deliver(CU_OP_WRITE, tag: tag, sectors: UInt32(bytes / 512))
    }

    @Test func atRestBuffersAreGivenBackButForAPage() throws {
        let rig = QueueRig()
        rig.driver.steps = [
            { self.write(rig, 0, bytes: 65_536) },
            { rig.driver.deliver(CU_OP_READ, tag: 1, sectors: 64) },
            { rig.driver.deliver(CU_OP_READ, tag: 2, sectors: 8) },
            {
                #expect((0..<3).map { self.resident(rig, $0) } == [16, 8, 1])
                rig.driver.restNow()
            },
            // A request came meanwhile: not yet.
            {
                #expect(self.resident(rig) == 16)
                rig.driver.restNow()
            },
            {
                #expect((0..<3).map { self.resident(rig, $0) } == [1, 1, 1])
                #expect(!rig.driver.isTimingRest)
            },
            // What a null device reads is zero, though nothing of it is resident now.
            { rig.driver.deliver(CU_OP_READ, tag: 0, sectors: 128) },
            { #expect(rig.driver.isTimingRest) },
        ]
        #expect(try rig.serve(NullTarget(depth: 4)) == .ended)
        #expect(isZero(rig.buffer(0), 65_536))
    }

    @Test func smallRequestsNeedNoTimeout() throws {
        let rig = QueueRig()
        rig.driver.steps = [
            { rig.driver.deliver(CU_OP_READ, sectors: 8) },
            { rig.driver.deliver(CU_OP_DISCARD, sectors: 1024) },
            { rig.driver.deliver(CU_OP_FLUSH, sectors: 0) },
            { #expect(!rig.driver.isTimingRest) },
        ]
        try rig.serve(NullTarget(depth: 4))
    }

    @Test func aRequestInFlightKeepsItsBuffer() throws {
        let rig = QueueRig()
        rig.driver.steps = [
            { self.write(rig, bytes: 65_536) },
            { rig.driver.restNow() },
            { rig.driver.restNow() },
            {
                #expect(self.resident(rig) == 16)
                for entry in rig.driver.open { rig.driver.answer(entry, 65_536) }
            },
            { rig.driver.restNow() },
            { #expect(self.resident(rig) == 1) },
        ]
        try rig.serve(rig.fileTarget())
        #expect(rig.driver.commits.map(\.result) == [65_536])
    }

    @Test func aWriteThatCameWithTheTimeoutKeepsItsData() throws {
        let rig = QueueRig()
        rig.driver.backend = { entry in
            let data = UnsafeRawBufferPointer(
                start: UnsafeRawPointer(bitPattern: UInt(entry.addr)), count: Int(entry.len))
            #expect(data.allSatisfy { $0 == 0x55 })
            return Int32(entry.len)
        }
        rig.driver.steps = [
            { self.write(rig, bytes: 65_536, 0x55) },
            {
                rig.driver.restNow()
                self.write(rig, bytes: 32_768, 0x55)
            },
            {
                self.write(rig, bytes: 16_384, 0x55)
                rig.driver.restNow()
            },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(rig.status.writes == 3)
    }

    /// A driver that put the data there before the queue saw the request: nothing of it may go below.
    @Test func dataThatWasGivenBackIsNeverWritten() throws {
        let rig = QueueRig()
        var written = 0
        rig.driver.backend = { entry in
            written += 1
            return Int32(entry.len)
        }
        rig.driver.steps = [
            { self.write(rig, bytes: 65_536) },
            {
                memset(rig.buffer(0), 0x55, 65_536)
                rig.driver.restNow()
            },
            { rig.driver.deliver(CU_OP_WRITE, sectors: 128) },
        ]
        #expect(try rig.serve(rig.fileTarget()) == .rejected(.protocolError))
        #expect(written == 1)
        #expect(rig.driver.commits.count == 1)
    }

    @Test func afterItWasGivenBackABufferServesAsBefore() throws {
        let rig = QueueRig()
        var written: [UInt8] = []
        rig.driver.backend = { entry in
            let data = UnsafeRawPointer(bitPattern: UInt(entry.addr) + UInt(entry.len) - 1)
            written.append(data?.load(as: UInt8.self) ?? 0)
            return Int32(entry.len)
        }
        for round in 1...20 {
            rig.driver.steps += [
                { self.write(rig, bytes: 65_536, Int32(round)) },
                { rig.driver.restNow() },
                { self.write(rig, bytes: round % 3 == 0 ? 4096 : 512 * round, Int32(100 + round)) },
                { rig.driver.restNow() },
                { rig.driver.restNow() },
            ]
        }
        #expect(try rig.serve(rig.fileTarget()) == .ended)
        #expect(written == (1...20).flatMap { [UInt8($0), UInt8(100 + $0)] })
    }

    @Test func unlockedMemoryIsKept() throws {
        let rig = QueueRig(givesBack: false)
        rig.driver.steps = [
            { self.write(rig, bytes: 65_536) },
            {
                #expect(!rig.driver.isTimingRest)
                #expect(self.resident(rig) == 16)
            },
        ]
        try rig.serve(NullTarget(depth: 4))
    }
}
