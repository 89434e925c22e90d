import BlockABI
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct ProcessIdentityTests {
        @Test(arguments: ["cat", "a b", "x) R 1 (", "))((", ""])
        func theNameMayHoldAnything(name: String) {
            let rest = "S 17 5 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200"
            let stat = ProcessStat(Array("42 (\(name)) \(rest)\n".utf8))
            #expect(stat?.name == name)
            #expect(stat?.state == "S")
            #expect(stat?.parent == 17)
            #expect(stat?.startTime == 98765)
        }

        @Test func aCutLineIsNotAccepted() {
            let line = Array("42 (cat) S 17 5 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765".utf8)
            for length in 0..<(line.count - 6) { #expect(ProcessStat(Array(line.prefix(length))) == nil) }
        }

        @Test func onlyTheSameProcessIsOpened() throws {
            let mine = try ProcessIdentity(of: getpid())
            #expect(mine.startTime > 0)
            #expect(try mine.open().raw > 2)
            let other = ProcessIdentity(pid: mine.pid, startTime: mine.startTime + 1)
            #expect(throws: Errno.noSuchProcess) { _ = try other.open().raw }
            #expect(try bootID().count == 36)
        }
    }
}
