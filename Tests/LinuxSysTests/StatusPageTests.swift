import BlockABI
import CUblk
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct StatusPageTests {
        @Test func whatTheWorkerWritesTheSupervisorReads() throws {
            let ours = try StatusPage.create(queues: 2, depth: 128)
            let theirs = try StatusPage.map(try ours.fd.duplicate())
            #expect(theirs.queues == 2)
            let block = theirs.queueBlock(1)
            block.pointee.state = CU_QUEUE_SERVING.rawValue
            block.pointee.tid = 77
            block.pointee.reads = 5
            block.pointee.writes = 6
            block.pointee.read_bytes = 4096
            block.pointee.probe_answered = 9
            theirs.headerBlock.pointee.worker_pid = 42
            let queue = ours.queue(1)
            #expect(queue.index == 1)
            #expect(queue.state == .serving)
            #expect(queue.threadID == 77)
            #expect(queue.completed == 11)
            #expect(queue.readBytes == 4096)
            #expect(queue.probeAnswered == 9)
            #expect(queue.failures.isEmpty)
            #expect(ours.queue(0).state == .absent)
            #expect(ours.header.workerPID == 42)
        }

        @Test(arguments: [UInt64(0), 1, 15, 16, 17, 1000, UInt64.max])
        func theNewestFailuresAreKept(total: UInt64) throws {
            let page = try StatusPage.create(queues: 1, depth: 128)
            let block = page.queueBlock(0)
            let table =
                UnsafeMutableRawPointer(block) + (MemoryLayout<cu_queue_status>.offset(of: \.error) ?? 0)
            let records = table.assumingMemoryBound(to: cu_error_record.self)
            for number in (total - min(total, 40))..<total {
                records[Int(number % 16)].sector = number
                records[Int(number % 16)].result = -5
            }
            block.pointee.errors = total
            let failures = page.queue(0).failures
            #expect(failures.count == Int(min(total, 16)))
            #expect(failures.map(\.sector) == Array((total - min(total, 16))..<total))
        }

        @Test func aPageCannotBeCutUnderItsReader() throws {
            let page = try StatusPage.create(queues: 1, depth: 128)
            #expect(ftruncate(page.fd.raw, 0) == -1)
            #expect(ftruncate(page.fd.raw, 1 << 20) == -1)
            #expect(page.header.generation == 0)
        }

        enum Spoiled: CaseIterable { case magic, version, queues, size, unsealed, device }

        @Test(arguments: Spoiled.allCases)
        func anythingElseIsRefused(how: Spoiled) throws {
            let page = try StatusPage.create(queues: 2, depth: 128)
            var fd = try page.fd.duplicate()
            switch how {
            case .magic: page.headerBlock.pointee.magic += 1
            case .version: page.headerBlock.pointee.version += 1
            case .queues: page.headerBlock.pointee.queues = 3
            case .size: fd = try SharedMemory.create(name: "odd", size: 4096 + 100)
            case .unsealed:
                let scratch = Scratch()
                fd = try Fd.open(scratch.file("page"), flags: O_RDWR | O_CREAT, mode: 0o600)
                #expect(ftruncate(fd.raw, 3 * 4096) == 0)
            case .device: fd = try Fd.open("/dev/zero", flags: O_RDWR)
            }
            var refused: Errno?
            do throws(Errno) { _ = try StatusPage.map(fd).queues } catch { refused = error }
            #expect(refused == .protocolError)
        }

        @Test func aNumberOfQueuesThatNoDeviceHasIsRefused() {
            #expect(throws: Errno.invalidArgument) { _ = try StatusPage.create(queues: 0, depth: 128).queues }
            #expect(throws: Errno.invalidArgument) {
                _ = try StatusPage.create(queues: 4097, depth: 128).queues
            }
        }
    }
}
