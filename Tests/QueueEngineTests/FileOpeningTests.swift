import BlockABI
import CUblk
import Glibc
import Testing

@testable import QueueEngine

/// What may become the backend of a `file` device, and what a person is told otherwise.
@Suite struct FileOpeningTests {
    private let scratch = Scratch()

    private func open(
        _ path: String, size: UInt64? = nil, create: Bool = false, direct: Bool = true,
        readOnly: Bool = false,
        expected: BackendIdentity = .none
    ) throws(EngineError) -> Backend {
        try Backend.open(
            .file(FileSpec(path: path, size: size, create: create, directIO: direct, expected: expected)),
            readOnly: readOnly, discard: true, queues: 1)
    }

    private func facts(
        _ path: String, size: UInt64? = nil, create: Bool = false, direct: Bool = true,
        readOnly: Bool = false,
        expected: BackendIdentity = .none
    ) throws -> BackendFacts {
        try open(
            path, size: size, create: create, direct: direct, readOnly: readOnly, expected: expected
        ).facts
    }

    private func failure(
        _ path: String, size: UInt64? = nil, create: Bool = false, readOnly: Bool = false,
        expected: BackendIdentity = .none
    ) -> EngineError? {
        do throws(EngineError) {
            _ = try open(path, size: size, create: create, readOnly: readOnly, expected: expected)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFileIsServedWithItsOwnSize() throws {
        let found = try facts(scratch.file("a", 1 << 20))
        #expect(found.size == 1 << 20)
        #expect(found.volatileCache)
        #expect(found.logicalBlock >= 512 && found.logicalBlock <= 4096)
        #expect(found.physicalBlock >= found.logicalBlock)
        #expect(found.discardGranularity >= found.logicalBlock)
        guard case .file(_, let inode) = found.identity else {
            Issue.record("no identity of a file")
            return
        }
        #expect(inode > 0)
    }

    @Test func eachQueueHasAnOpenFileOfItsOwnWhereThePageCacheIsBetween() throws {
        let path = scratch.file("a", 1 << 20)
        for direct in [false, true] {
            let backend = try Backend.open(
                .file(FileSpec(path: path, size: nil, create: false, directIO: direct, expected: .none)),
                readOnly: false, discard: true, queues: 3)
            let files = (0..<UInt16(3)).map { backend.descriptor(of: $0) }
            // The offset belongs to the open file.
            for (queue, file) in files.enumerated() { lseek(file, off_t(queue + 1), SEEK_SET) }
            let own = files.map { lseek($0, 0, SEEK_CUR) } == [1, 2, 3]
            #expect(own == !backend.facts.directIO)
        }
    }

    @Test func whatIsNoWholeBlockIsNotServed() throws {
        let found = try facts(scratch.file("a", 10_000), direct: false)
        #expect(found.size == 9728)
        #expect(found.warnings.count == 1)
        #expect(!found.directIO)
    }

    @Test func aPartOfALargerFileIsServed() throws {
        #expect(try facts(scratch.file("a", 1 << 20), size: 65_536).size == 65_536)
    }

    @Test func anAbsentFileIsMadeOnlyOnRequest() throws {
        let path = scratch.path("new")
        let refused = try #require(failure(path, size: 1 << 20))
        #expect(refused.kind == .missing)
        #expect(refused.what.contains(path) && refused.what.contains("create = true"))
        #expect(scratch.size(path) == -1)
        #expect(try facts(path, size: 1 << 20, create: true).size == 1 << 20)
        #expect(scratch.size(path) == 1 << 20)
        #expect(scratch.mode(path) == 0o600)
    }

    @Test func aSmallFileIsGrownOnlyOnRequest() throws {
        let path = scratch.file("a", 4096, fill: 7)
        let refused = try #require(failure(path, size: 1 << 20))
        #expect(refused.kind == .unusable)
        #expect(refused.what.contains("4096") && refused.what.contains("create = true"))
        #expect(scratch.size(path) == 4096)
        #expect(try facts(path, size: 1 << 20, create: true).size == 1 << 20)
        #expect(scratch.size(path) == 1 << 20)
    }

    @Test func aDevicesDataIsNeverMadeAnew() throws {
        let path = scratch.file("a", 1 << 20)
        let before = try facts(path).identity
        unlink(path)
        #expect(try #require(failure(path, size: 1 << 20, create: true, expected: before)).kind == .missing)
        #expect(scratch.size(path) == -1)
    }

    @Test func aTruncatedFileIsNotGrownUnderADevice() throws {
        let path = scratch.file("a", 1 << 20)
        let before = try facts(path).identity
        truncate(path, 4096)
        #expect(try #require(failure(path, size: 1 << 20, create: true, expected: before)).kind == .changed)
        #expect(scratch.size(path) == 4096)
    }

    @Test func anotherFileUnderTheNameIsRefused() throws {
        let path = scratch.file("a", 1 << 20)
        let before = try facts(path).identity
        // The former file lives on, so that its number cannot be given to the new one.
        rename(path, scratch.path("former"))
        _ = scratch.file("a", 1 << 20)
        let refused = try #require(failure(path, expected: before))
        #expect(refused.kind == .changed)
        #expect(refused.what.contains(path))
        #expect(try facts(scratch.path("former"), expected: before).size == 1 << 20)
    }

    @Test func oneWriterAlone() throws {
        let path = scratch.file("a", 1 << 20)
        let first = try open(path)
        let refused = try #require(failure(path))
        #expect(refused.errno == .busy)
        #expect(refused.what.contains("locked"))
        #expect(try #require(failure(path, readOnly: true)).errno == .busy)
        #expect(first.facts.size == 1 << 20)
    }

    @Test func readersShare() throws {
        let path = scratch.file("a", 1 << 20)
        let first = try open(path, readOnly: true)
        #expect(try facts(path, readOnly: true).readOnly)
        #expect(try #require(failure(path)).errno == .busy)
        #expect(!first.facts.canDiscard)
    }

    /// What a recovery meets: the lock of the dead worker goes a moment later.
    @Test func aRecoveringWorkerWaitsForTheLock() throws {
        let path = scratch.file("a", 1 << 20)
        let identity = try facts(path).identity
        let holder = Glibc.open(path, O_RDWR)
        #expect(cu_lock_file(holder, 1) == 0)
        var thread = pthread_t()
        let argument = UnsafeMutableRawPointer(bitPattern: Int(holder))
        // Before the thread begins to sleep: the lock is held for all of that time from here.
        let begin = cu_now_ns()
        pthread_create(
            &thread, nil,
            {
                usleep(100_000)
                close(Int32(Int(bitPattern: $0)))
                return nil
            }, argument)
        #expect(try facts(path, expected: identity).size == 1 << 20)
        #expect(cu_now_ns() - begin >= 100_000_000)
        pthread_join(thread, nil)
    }

    @Test func onlyFilesAndBlockDevices() throws {
        let pipe = scratch.path("pipe")
        mkfifo(pipe, 0o600)
        for path in [scratch.folder, pipe, "/dev/null"] {
            let refused = try #require(failure(path))
            #expect(refused.kind == .unusable)
            #expect(refused.what.contains("regular file or a block device"))
        }
        #expect(try #require(failure(pipe, readOnly: true)).kind == .unusable)
    }

    @Test func anEmptyFileIsNoDisk() throws {
        #expect(try #require(failure(scratch.file("a", 0))).what.contains("empty"))
    }

    @Test func aMissingFolderIsNamed() throws {
        let path = scratch.path("none/a")
        #expect(try #require(failure(path, size: 4096, create: true)).what.contains("folder"))
    }
}
