import BlockABI
import Glibc
import Testing

@testable import LinuxSys

extension LinuxSysTests {
    @Suite struct HolderTests {
        @Test func whoHasANodeOpenIsNamed() throws {
            #expect(!NodeHolders.processes(ofNode: "/dev/full").contains { $0.pid == getpid() })
            let scratch = Scratch()
            symlink("/dev/full", scratch.file("other"))
            let fd = try Fd.open(scratch.file("other"), flags: O_RDWR)
            let found = NodeHolders.processes(ofNode: "/dev/full").first { $0.pid == getpid() }
            #expect(found?.name.isEmpty == false)
            withExtendedLifetime(fd.raw) {}
        }

        @Test func aMappingAloneCountsToo() throws {
            let fd = try Fd.open("/dev/zero", flags: O_RDWR)
            let page = mmap(nil, 4096, PROT_READ, MAP_PRIVATE, fd.raw, 0)
            defer { munmap(page, 4096) }
            #expect(NodeHolders.maps(pid: getpid(), node: "/dev/zero"))
            #expect(!NodeHolders.maps(pid: getpid(), node: "/dev/zer"))
            #expect(!NodeHolders.maps(pid: getpid(), node: "/zero"))
        }

        @Test func aMappingIsFoundUnderAnotherPathOfTheFile() throws {
            let scratch = Scratch()
            let fd = try Fd.open(scratch.file("one"), flags: O_RDWR | O_CREAT, mode: 0o600)
            #expect(ftruncate(fd.raw, 4096) == 0)
            #expect(link(scratch.file("one"), scratch.file("two")) == 0)
            let page = mmap(nil, 4096, PROT_READ, MAP_SHARED, fd.raw, 0)
            defer { munmap(page, 4096) }
            #expect(NodeHolders.maps(pid: getpid(), node: scratch.file("two")))
            #expect(!NodeHolders.maps(pid: getpid(), node: scratch.file("three")))
            let servers = NodeHolders.servers(ofNodes: [
                scratch.file("two"), scratch.file("three"), "/dev/full",
            ])
            #expect(servers == [scratch.file("two"): getpid()])
        }

        @Test func aDeviceThatIsNotThereHasNoHolders() {
            #expect(DiskUsers.of("ublkb1048000") == [])
            #expect(NodeHolders.processes(ofNode: "/dev/ublkc1048000").isEmpty)
        }

        @Test func manyDisksInOneLookAreSeenAsEachByItself() {
            let names = Directory.names(of: "/sys/class/block")
            func ofKernel(_ users: [DiskUser]?) -> [DiskUser] {
                (users ?? []).filter { if case .process = $0 { false } else { true } }
            }
            let together = DiskUsers.of(names + ["ublkb1048000"])
            for name in names { #expect(ofKernel(together[name]) == ofKernel(DiskUsers.of(name))) }
            #expect(together["ublkb1048000"] == nil)
        }

        @Test func mountsAreReadWithTheirEscapes() {
            let text = """
                36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext4 /dev/ublkb3 rw
                37 35 0:45 / /data rw - btrfs /dev/ublk\\134x rw,space_cache
                garbage
                38 35 98:0 / / rw -
                """
            #expect(
                MountTable.parse(Array(text.utf8)) == [
                    MountEntry(device: "98:0", mountPoint: "/mnt 2", source: "/dev/ublkb3"),
                    MountEntry(device: "0:45", mountPoint: "/data", source: "/dev/ublk\\x"),
                ])
        }

        @Test func thisHostsMountsAreRead() {
            #expect(MountTable.entries(of: nil).contains { $0.mountPoint == "/" })
            #expect(MountTable.namespaces().first == .some(nil))
        }

        @Test func devicesAreFoundInTheClassDirectory() {
            let scratch = Scratch()
            for name in ["ublkc10", "ublkc2", "ublkcx", "other1", "ublkc"] {
                mkdir(scratch.file(name), 0o700)
            }
            #expect(Sysfs.devices(in: scratch.path) == [2, 10])
            #expect(Sysfs.devices(in: scratch.file("absent")) == [])
        }
    }
}
