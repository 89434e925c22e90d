import BlockABI
import Testing

@testable import LinuxSys

extension LinuxSysTests {
    @Suite struct ControlRingTests {
        /// As on a host that forbids io_uring: an error, and nothing is released twice.
        @Test func aRingThatCannotBeMadeIsAnError() {
            for _ in 0..<3 {
                #expect(throws: Errno.invalidArgument) { _ = try ControlRing(commands: 1 << 20).fd }
            }
        }
    }
}
