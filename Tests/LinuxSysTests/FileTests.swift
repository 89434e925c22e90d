import BlockABI
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct FileTests {
        @Test func aFileIsReplacedWholeWithItsMode() throws {
            let scratch = Scratch()
            let path = scratch.file("state.json")
            let old = umask(0o077)
            defer { umask(old) }
            try AtomicFile.write(path: path, bytes: Array("one".utf8))
            try AtomicFile.write(path: path, bytes: Array("two".utf8), mode: 0o640)
            #expect(try SmallFile.text(path: path) == "two")
            #expect(try FileStatus(path: path).permissions == 0o640)
            try AtomicFile.write(path: path, bytes: [])
            #expect(try SmallFile.read(path: path) == [])
            #expect(access(path + ".new", F_OK) != 0)
        }

        @Test func aWriteThatFailsLeavesTheOldFileAndNothingElse() throws {
            let scratch = Scratch()
            let path = scratch.file("directory")
            #expect(mkdir(path, 0o700) == 0)
            #expect(throws: Errno(EISDIR)) { try AtomicFile.write(path: path, bytes: [1]) }
            #expect(access(path + ".new", F_OK) != 0)
            #expect(throws: Errno.noSuchFile) {
                try AtomicFile.write(path: scratch.file("absent/state"), bytes: [1])
            }
        }

        @Test func moreThanTheLimitIsNotRead() throws {
            let scratch = Scratch()
            let path = scratch.file("big")
            try AtomicFile.write(path: path, bytes: [UInt8](repeating: 65, count: 100))
            #expect(try SmallFile.read(path: path, limit: 100).count == 100)
            #expect(throws: Errno.fileTooLarge) { try SmallFile.read(path: path, limit: 99) }
            #expect(throws: Errno.fileTooLarge) { try SmallFile.read(path: "/dev/zero", limit: 100_000) }
            #expect(throws: Errno.noSuchFile) { try SmallFile.read(path: scratch.file("absent")) }
        }

        @Test(arguments: [("", ""), ("\n", ""), (" a b \n", "a b"), ("x", "x")])
        func textComesWithoutTheSpaceAroundIt(contents: String, text: String) throws {
            let scratch = Scratch()
            try AtomicFile.write(path: scratch.file("t"), bytes: Array(contents.utf8))
            #expect(try SmallFile.text(path: scratch.file("t")) == text)
        }

        @Test func anOpenFileIsReadFromItsBeginningAgainAndAgain() throws {
            let scratch = Scratch()
            try AtomicFile.write(path: scratch.file("t"), bytes: Array("7 1\n".utf8))
            let file = try Fd.open(scratch.file("t"), flags: O_RDWR)
            #expect(try SmallFile.text(file) == "7 1")
            #expect(pwrite(file.raw, "8", 1, 0) == 1)
            #expect(try SmallFile.text(file) == "8 1")
            #expect(Sysfs.inflight(file) == 9)
        }

        @Test(arguments: [("MAJOR=8\nDISKSEQ=12\nX=1\n", 12), ("DISKSEQ=x\n", nil), ("", nil)])
        func theEventsOfADiskTellItsSequence(contents: String, sequence: UInt64?) throws {
            let scratch = Scratch()
            try AtomicFile.write(path: scratch.file("uevent"), bytes: Array(contents.utf8))
            let file = try Fd.open(scratch.file("uevent"), flags: O_RDONLY)
            #expect((try? Uevent.diskSequence(file)) == sequence)
        }

        @Test func aLockHasOneOwnerWhoIsNamed() throws {
            let scratch = Scratch()
            let path = scratch.file("lock")
            #expect(FileLock.holder(path: path) == nil)
            let first = try FileLock(path: path)
            #expect(throws: Errno.busy) { _ = try FileLock(path: path) }
            #expect(FileLock.holder(path: path) == getpid())
            withExtendedLifetime(first) {}
        }

        @Test func aLockEndsWithItsOwner() throws {
            let scratch = Scratch()
            let path = scratch.file("lock")
            do { _ = try FileLock(path: path) }
            _ = try FileLock(path: path)
            #expect(throws: Errno.noSuchFile) { _ = try FileLock(path: scratch.file("absent/lock")) }
        }

        @Test(arguments: [
            (UInt32(0o644), UInt32(0), UInt32(0), false), (0o664, 0, 0, false), (0o664, 0, 5, true),
            (0o666, 0, 0, true), (0o600, 1000, 0, true),
        ])
        func whoElseMayWriteIsSeen(mode: UInt32, uid: UInt32, gid: UInt32, others: Bool) throws {
            guard geteuid() == 0 else { return }
            let scratch = Scratch()
            let path = scratch.file("config")
            try AtomicFile.write(path: path, bytes: [])
            chmod(path, mode)
            chown(path, uid, gid)
            #expect(try FileStatus(path: path).isWritableByOthersThanRoot == others)
        }

        @Test func kindsAreToldApartAndLinksFollowedOnDemand() throws {
            let scratch = Scratch()
            symlink("/dev/null", scratch.file("link"))
            #expect(try FileStatus(path: scratch.file("link"), follow: false).kind == .symbolicLink)
            let kind = try FileStatus(path: scratch.file("link")).kind
            #expect(kind == deviceNumber("1:3").map { .characterDevice($0) })
            #expect(deviceNumber("1:3").map(deviceNumberText) == "1:3")
            #expect(deviceNumber("1") == nil)
            #expect(deviceNumber("a:b") == nil)
            #expect(try FileStatus(path: scratch.path).kind == .directory)
        }

        @Test func usersAndGroupsAreFoundByName() {
            #expect(HostUsers.user(named: "root").map { $0 == (0, 0) } == true)
            #expect(HostUsers.user(named: "no-such-user-here") == nil)
            #expect(HostUsers.group(named: "root") == 0)
            #expect(HostUsers.group(named: "no-such-group-here") == nil)
        }
    }
}
