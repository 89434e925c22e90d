import BlockABI
import CUblk
import Glibc
import Synchronization
import Testing

@testable import LinuxSys

extension LinuxSysTests {
    /// The agent's loop against a driver whose commands wait on a pipe or answer what the test says.
    @Suite(.enabled(if: nopAnswers, "the kernel's NOP takes no result (6.10)")) struct ControlAgentTests {
        @Test func itSaysHelloAndAnswersACommand() throws {
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.ask(7, .stopDevice(device: 3))
            #expect(try agent.next() == .hello(protocolVersion: ChildProtocol.version, pid: getpid()))
            #expect(try agent.done() == Done(7, 0))
            #expect(agent.driver.seen == [Seen(.stopDevice, device: 3)])
        }

        @Test func addingBringsBackWhatTheDriverWrote() throws {
            let agent = try TestAgent { _, payload in
                // The driver chooses the number and drops a flag.
                let info = UnsafeMutablePointer<cu_dev_info>(bitPattern: UInt(payload.addr))
                info?.pointee.dev_id = 5
                info?.pointee.flags &= ~DeviceFlags.userRecoveryReissue.rawValue
                return .answer(0)
            }
            let asked = DeviceInfo(
                id: DeviceInfo.anyID, queues: 2, queueDepth: 64, maxIO: 1 << 19,
                flags: [.userRecovery, .userRecoveryReissue], cookie: 0xfeed)
            try agent.ask(1, .addDevice(asked))
            let done = try agent.done()
            let info = DeviceInfo(bytes: done.payload)
            #expect(info?.id == 5)
            #expect(info?.cookie == 0xfeed)
            #expect(info?.flags == [.userRecovery])
        }

        /// The node stays open until the driver has answered, and no longer.
        @Test func aDiskIsStoppedWithItsNodeClaimed() throws {
            let folder = Scratch()
            let node = folder.file("node")
            close(open(node, O_CREAT | O_WRONLY, 0o600))
            let agent = try TestAgent { _, _ in .wait }
            try agent.ask(1, .stopUnclaimedDevice(device: 3, node: node))
            while agent.driver.seen.isEmpty { usleep(1_000) }
            #expect(agent.driver.seen == [Seen(.stopDevice, device: 3)])
            #expect(isOpen(node))
            agent.driver.let(go: 1)
            #expect(try agent.done().token == 1)
            #expect(!isOpen(node))
        }

        @Test func aDiskThatIsNotThereIsStoppedAndOneThatCannotBeClaimedIsNot() throws {
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.ask(1, .stopUnclaimedDevice(device: 3, node: "/dev/no-such-disk"))
            #expect(try agent.done() == Done(1, 0))
            try agent.ask(2, .stopUnclaimedDevice(device: 3, node: "/proc/self/status/none"))
            #expect(try agent.done() == Done(2, -ENOTDIR))
            #expect(agent.driver.seen.count == 1)
        }

        @Test func theDriversErrorIsPassedOn() throws {
            let agent = try TestAgent { _, _ in .answer(-EEXIST) }
            try agent.ask(1, .setParameters(device: 1, parameters: Array(repeating: 9, count: 112)))
            #expect(try agent.done() == Done(1, -EEXIST))
        }

        @Test func aSubmissionIsToldBeforeTheAnswer() throws {
            let agent = try TestAgent { _, _ in .wait }
            try agent.ask(4, .startDevice(device: 2, serverPID: 99))
            #expect(try agent.nextAfterHello() == .submitted(token: 4))
            agent.driver.let(go: 1)
            #expect(try agent.done().token == 4)
            #expect(agent.driver.seen == [Seen(.startDevice, device: 2, data: 99)])
        }

        @Test func aCommandThatIsLateIsCancelledAndItsOwnAnswerCounts() throws {
            let agent = try TestAgent { _, _ in .wait }
            let before = Clock.monotonic()
            try agent.ask(8, .endUserRecovery(device: 2, serverPID: 99), deadline: 60)
            // Neither waits for more than a few seconds.
            #expect(try agent.nextAfterHello() == .submitted(token: 8))
            #expect(try agent.done() == Done(8, -ECANCELED))
            #expect(Clock.monotonic() - before >= 60_000_000)
        }

        @Test func manyCommandsWaitSideBySide() throws {
            let agent = try TestAgent { command, _ in command == .stopDevice ? .wait : .answer(0) }
            for token in 1...40 { try agent.ask(UInt64(token), .stopDevice(device: UInt32(token))) }
            try agent.ask(99, .deleteDevice(device: 99))
            #expect(try agent.done() == Done(99, 0))
            try agent.ask(100, .cancel(token: 17))
            #expect(try agent.done() == Done(17, -ECANCELED))
        }

        @Test func recoveryIsAskedForUntilTheDriverLetsGo() throws {
            let agent = try TestAgent(answers: [-EBUSY, -EBUSY, -EBUSY, 0])
            try agent.ask(3, .startUserRecovery(device: 1, retryMicroseconds: 500), deadline: 5000)
            #expect(try agent.done() == Done(3, 0))
            #expect(agent.driver.seen.count == 4)
        }

        @Test func recoveryThatIsRefusedForAnotherReasonIsNotRepeated() throws {
            let agent = try TestAgent(answers: [-EBUSY, -EINVAL])
            try agent.ask(3, .startUserRecovery(device: 1, retryMicroseconds: 500), deadline: 5000)
            #expect(try agent.done() == Done(3, -EINVAL))
        }

        @Test func recoveryEndsAtItsDeadlineWithTheDriversLastAnswer() throws {
            let agent = try TestAgent { _, _ in .answer(-EBUSY) }
            // Long enough for the attempts on a busy machine, too.
            try agent.ask(3, .startUserRecovery(device: 1, retryMicroseconds: 500), deadline: 1000)
            #expect(try agent.done() == Done(3, -EBUSY))
            #expect(agent.driver.seen.count > 5)
        }

        @Test func aRepetitionThatWasNotBegunIsNoAnswer() throws {
            let refusals = Mutex(2)
            let agent = try TestAgent { _, _ in
                refusals.withLock { left in
                    left -= 1
                    return left >= 0 ? .answer(-EBUSY) : .wait
                }
            }
            try agent.ask(3, .startUserRecovery(device: 1, retryMicroseconds: 500), deadline: 100)
            #expect(try agent.done() == Done(3, -EBUSY))
        }

        @Test func cancellingEndsTheRepetition() throws {
            let agent = try TestAgent { _, _ in .answer(-EBUSY) }
            try agent.ask(3, .startUserRecovery(device: 1, retryMicroseconds: 500))
            usleep(20_000)
            try agent.ask(4, .cancel(token: 3))
            #expect(try agent.done() == Done(3, -EBUSY))
        }

        @Test func withoutADriverEveryCommandSaysSo() throws {
            let agent = try TestAgent { _, _ in .none }
            try agent.ask(3, .deleteDevice(device: 1))
            #expect(try agent.done() == Done(3, -ENOENT))
            try agent.ask(4, .deleteDevice(device: 1))
            #expect(try agent.done() == Done(4, -ENOENT))
        }

        @Test func filesAreWrittenAndTheirErrorsTold() throws {
            let scratch = Scratch()
            let path = scratch.file("attribute")
            _ = try Fd.open(path, flags: O_WRONLY | O_CREAT, mode: 0o600).raw
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.ask(1, .writeAttribute(path: path, value: "none"), deadline: 1000)
            #expect(try agent.done() == Done(1, 0))
            #expect(try SmallFile.text(path: path) == "none")
            try agent.ask(2, .writeAttribute(path: scratch.file("absent"), value: "x"))
            #expect(try agent.done() == Done(2, -ENOENT))
        }

        @Test func anAttributeIsOpenedAndPassed() throws {
            let scratch = Scratch()
            let path = scratch.file("attribute")
            try AtomicFile.write(path: path, bytes: Array("7 1\n".utf8))
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.ask(1, .openAttribute(path: path, writable: true))
            #expect(try agent.done() == Done(1, 0))
            #expect(agent.textOfFile == "7 1")
            try agent.ask(2, .openAttribute(path: scratch.file("absent"), writable: false))
            #expect(try agent.done() == Done(2, -ENOENT))
        }

        @Test func aWriteThatHangsHoldsNobodyUp() throws {
            let scratch = Scratch()
            let fifo = scratch.file("fifo")
            #expect(mkfifo(fifo, 0o600) == 0)
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.ask(1, .writeAttribute(path: fifo, value: "x"), deadline: 20)
            try agent.ask(2, .stopDevice(device: 2))
            #expect(try agent.done() == Done(2, 0))
            let reader = try Fd.open(fifo, flags: O_RDONLY)
            #expect(try agent.done() == Done(1, 0))
            withExtendedLifetime(reader.raw) {}
        }

        @Test func onlyADeviceNodeChangesItsOwner() throws {
            let scratch = Scratch()
            let agent = try TestAgent { _, _ in .answer(0) }
            let file = scratch.file("file")
            _ = try Fd.open(file, flags: O_WRONLY | O_CREAT, mode: 0o600).raw
            try agent.ask(1, .setNodeAccess(path: file, uid: 0, gid: 0, mode: 0o777))
            #expect(try agent.done() == Done(1, -ENOTBLK))
            #expect(try FileStatus(path: file).permissions == 0o600)
            guard geteuid() == 0 else { return }
            let node = scratch.file("node")
            #expect(mknod(node, S_IFCHR | 0o600, 0x103) == 0)
            symlink(node, scratch.file("link"))
            try agent.ask(2, .setNodeAccess(path: scratch.file("link"), uid: 0, gid: 6, mode: 0o640))
            #expect(try agent.done() == Done(2, -ENOTBLK))
            try agent.ask(3, .setNodeAccess(path: node, uid: 0, gid: 6, mode: 0o640))
            #expect(try agent.done() == Done(3, 0))
            let status = try FileStatus(path: node)
            #expect(status.permissions == 0o640)
            #expect(status.gid == 6)
        }

        @Test func itLeavesWithItsSupervisorWhateverIsPending() throws {
            let agent = try TestAgent { _, _ in .wait }
            try agent.ask(1, .endUserRecovery(device: 2, serverPID: 99))
            #expect(try agent.nextAfterHello() == .submitted(token: 1))
            agent.hangUp()
            #expect(agent.join() == 0)
        }

        @Test func aRequestOfAnotherVersionEndsIt() throws {
            let agent = try TestAgent { _, _ in .answer(0) }
            try agent.send([200, 0, 1])
            #expect(agent.join() == 76)
        }
    }
}
