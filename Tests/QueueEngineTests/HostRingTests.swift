import BlockABI
import CUblk
import Glibc
import Testing

@testable import QueueEngine

/// The shipped loop and targets with a real ring of this host below; only the driver is the test's.
@Suite struct HostRingTests {
    private let scratch = Scratch()

    /// Runs each submission of the target on a ring of the host and hands its result back.
    private final class HostBackend {
        private let raw: UnsafeMutablePointer<io_uring>

        init(backend: Int32) throws {
            raw = .allocate(capacity: 1)
            raw.initialize(to: io_uring())
            try Errno.check(io_uring_queue_init(8, raw, 0))
            var files: [Int32] = [-1, backend]
            try Errno.check(io_uring_register_files(raw, &files, 2))
        }

        deinit {
            io_uring_queue_exit(raw)
            raw.deallocate()
        }

        func run(_ entry: io_uring_sqe) -> Int32 {
            io_uring_get_sqe(raw)?.pointee = entry
            io_uring_submit_and_wait(raw, 1)
            let result = cu_cq_result(raw, cu_cq_head(raw))
            cu_cq_release(raw, cu_cq_tail(raw))
            return result
        }
    }

    private func fill(_ rig: QueueRig, _ value: Int32, _ bytes: Int) { memset(rig.buffer(0), value, bytes) }

    private func holds(_ rig: QueueRig, _ value: UInt8, _ bytes: Int) -> Bool {
        UnsafeRawBufferPointer(start: rig.buffer(0), count: bytes).allSatisfy { $0 == value }
    }

    /// Write, flush, read back, give back, zero: as a file system would.
    private func workout(_ rig: QueueRig) -> [(FakeDriver) -> Void] {
        [
            {
                fill(rig, 0x5a, 65_536)
                $0.deliver(CU_OP_WRITE, sector: 128, sectors: 128, flags: CU_IO_F_FUA)
            },
            { $0.deliver(CU_OP_FLUSH, sectors: 0) },
            {
                fill(rig, 0, 65_536)
                $0.deliver(CU_OP_READ, sector: 128, sectors: 128)
            },
            {
                #expect(holds(rig, 0x5a, 65_536))
                $0.deliver(CU_OP_DISCARD, sector: 128, sectors: 64)
            },
            { $0.deliver(CU_OP_WRITE_ZEROES, sector: 192, sectors: 32, flags: CU_IO_F_NOUNMAP) },
            { $0.deliver(CU_OP_READ, sector: 128, sectors: 96) },
            {
                #expect(holds(rig, 0, 49_152))
                $0.deliver(CU_OP_READ, sector: 224, sectors: 32)
            },
            { _ in #expect(holds(rig, 0x5a, 16_384)) },
        ]
    }

    private let expected: [Int32] = [65_536, 0, 65_536, 0, 0, 49_152, 16_384]

    @Test(arguments: [true, false])
    func aFileKeepsWhatIsWritten(direct: Bool) throws {
        let path = scratch.path("disk")
        let backend = try Backend.open(
            .file(FileSpec(path: path, size: 1 << 20, create: true, directIO: direct, expected: .none)),
            readOnly: false, discard: true, queues: 1)
        #expect(backend.facts.directIO || !direct || !backend.facts.warnings.isEmpty)
        let rig = QueueRig(size: backend.facts.size)
        let host = try HostBackend(backend: backend.descriptor(of: 0))
        rig.driver.backend = { host.run($0) }
        let target = rig.fileTarget(
            buffered: !backend.facts.directIO, block: backend.facts.logicalBlock)
        #expect(try rig.results(target, workout(rig)) == expected)
    }

    @Test func memoryKeepsWhatIsWritten() throws {
        let path = scratch.file("memory", 1 << 20)
        let backend = try Backend.open(
            .memory(size: 1 << 20, descriptor: open(path, O_RDWR)), readOnly: false, discard: true, queues: 1)
        let rig = QueueRig(size: backend.facts.size)
        let file = backend.descriptor(of: 0)
        let host = try HostBackend(backend: file)
        rig.driver.backend = { host.run($0) }
        #expect(try rig.results(MemoryTarget(descriptor: file), workout(rig)) == expected)
    }

    @Test func aFileThatWasTruncatedReadsAsAnError() throws {
        let path = scratch.file("disk", 1 << 20, fill: 1)
        let backend = try Backend.open(
            .file(FileSpec(path: path, size: nil, create: false, directIO: true, expected: .none)),
            readOnly: false, discard: true, queues: 1)
        let rig = QueueRig(size: backend.facts.size)
        let host = try HostBackend(backend: backend.descriptor(of: 0))
        rig.driver.backend = { host.run($0) }
        let results = try rig.results(
            rig.fileTarget(block: backend.facts.logicalBlock),
            [
                { $0.deliver(CU_OP_READ, sector: 1024, sectors: 8) },
                {
                    truncate(path, 4096)
                    $0.deliver(CU_OP_READ, sector: 0, sectors: 64)
                },
                {
                    cu_order_backend(rig.memory.signals, CU_BACKEND_GIVE_UP.rawValue, -5)
                    $0.wake()
                },
                { $0.deliver(CU_OP_READ, sector: 1024, sectors: 8) },
                { $0.deliver(CU_OP_WRITE, sector: 1024, sectors: 8) },
                { $0.deliver(CU_OP_READ, sector: 0, sectors: 8) },
            ])
        var facts = cu_file_facts()
        #expect(cu_path_facts(path, &facts) == 0 && facts.size == 4096, "no write gave it its size back")
        #expect(results == [4096, -5, -5, -5, 4096])
    }

    /// The rings of a real worker: made disabled by one thread, used by another.
    @Test func aRingIsMadeDisabledAndEnabledByItsThread() throws {
        let ring = try Ring(depth: 128)
        let wake = cu_eventfd()
        defer { close(wake) }
        try ring.register(device: -1, backend: -1, wake: wake)
        #expect(ring.raw.pointee.sq.ring_entries >= 144)
        #expect(io_uring_submit_and_wait(ring.raw, 0) <= 0)
        #expect(io_uring_enable_rings(ring.raw) == 0)
    }

    @Test func buffersTakeNoMemoryUntilTheyAreUsed() throws {
        let geometry = QueueGeometry(queues: 4, depth: 4096, maxIO: 32 << 20)
        let before = mappings(from: geometry.bufferBytes)
        let queues = try QueueSet(geometry)
        #expect(queues.state == .starting)
        let after = mappings(from: geometry.bufferBytes)
        #expect(after.spanned - before.spanned >= 4 * geometry.bufferBytes / 1024)
        #expect(
            after.resident - before.resident < 8_000, "512 GiB of buffers are to be address space alone")
    }

    /// What the mappings of at least so many bytes span, and what of that is resident, in KiB. Those alone,
    /// because other tests of this process take memory meanwhile.
    private func mappings(from bytes: Int) -> (spanned: Int, resident: Int) {
        var room = [CChar](repeating: 0, count: 16 << 20)
        let count = cu_read_text("/proc/self/smaps", &room, room.count)
        let text = String(
            decoding: room.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var found = (spanned: 0, resident: 0)
        var isLarge = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 1, let kilobytes = Int(words[1]) else { continue }
            if words[0] == "Size:" {
                isLarge = kilobytes >= bytes / 1024
                if isLarge { found.spanned += kilobytes }
            } else if words[0] == "Rss:", isLarge {
                found.resident += kilobytes
            }
        }
        return found
    }

    /// As on a host that forbids io_uring: an error, and nothing is released twice.
    @Test func aRingThatCannotBeMadeIsAnError() {
        for _ in 0..<3 { #expect(throws: Errno.invalidArgument) { _ = try Ring(depth: .max).raw } }
    }
}
