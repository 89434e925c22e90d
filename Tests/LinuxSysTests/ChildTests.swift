import BlockABI
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct ChildTests {
        private func shell(_ script: String, descriptors: [Int32] = []) throws -> ChildBox {
            ChildBox(
                try Child.spawn(
                    path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"],
                    descriptors: descriptors))
        }

        @Test(arguments: [
            ("exit 0", ExitCause.exited(0)), ("exit 3", .exited(3)), ("kill -9 $$", .signalled(9)),
            ("kill -TERM $$", .signalled(15)),
        ])
        func theCauseOfDeathIsTold(script: String, cause: ExitCause) throws {
            #expect(try waitForEnd(try shell(script).child) == cause)
        }

        @Test func aRunningChildHasNoCauseAndDiesOfASignal() throws {
            let box = try shell("exec sleep 60")
            #expect(try box.child.reap() == nil)
            try box.child.signal(SIGKILL)
            #expect(try waitForEnd(box.child) == .signalled(9))
            #expect(throws: Errno.noSuchProcess) { try box.child.signal(SIGKILL) }
        }

        @Test func onlyTheGivenDescriptorsArrive() throws {
            let leak = open("/dev/zero", O_RDONLY)
            defer { close(leak) }
            let pair = try Channel.pair()
            let ours = Channel(pair.ours)
            // The listing's own descriptor (the highest) is of ls.
            let box = try shell(
                "ls -l /proc/self/fd | sed 's/.* \\([0-9]*\\) -> /\\1 /' | grep -v total >&3; exit 0",
                descriptors: [pair.theirs.raw, pair.theirs.raw])
            #expect(try waitForEnd(box.child) == .exited(0))
            var text = ""
            while case .record(let bytes, _) = try ours.receive(wait: false) {
                text += String(decoding: bytes, as: UTF8.self)
            }
            let numbers = Set(text.split(separator: "\n").compactMap { Int($0.split(separator: " ")[0]) })
            #expect(numbers.isSuperset(of: [0, 2, 3, 4]))
            #expect(numbers.subtracting([0, 1, 2, 3, 4]).count == 1, "\(text)")
            #expect(!text.contains("/dev/zero"))
            #expect(text.contains("0 /dev/null"))
        }

        @Test func nothingStaysOpenHere() throws {
            let leaks = try changesDescriptors {
                for _ in 0..<3 { _ = try waitForEnd(try shell("true").child) }
                #expect(throws: Errno.noSuchFile) {
                    _ = try Child.spawn(path: "/nonexistent/program", arguments: ["x"], environment: []).pid
                }
            }
            #expect(!leaks)
        }

        @Test func signalsStartUnblockedAndDefaultInAGroupOfItsOwn() throws {
            var blocked = sigset_t()
            var old = sigset_t()
            sigemptyset(&blocked)
            sigaddset(&blocked, SIGTERM)
            pthread_sigmask(SIG_BLOCK, &blocked, &old)
            let previous = signal(SIGPIPE, SIG_IGN)
            defer {
                pthread_sigmask(SIG_SETMASK, &old, nil)
                signal(SIGPIPE, previous)
            }
            let pair = try Channel.pair()
            let box = try shell(
                "grep -E '^Sig(Blk|Ign)' /proc/self/status >&3", descriptors: [pair.theirs.raw])
            #expect(getpgid(box.child.pid) == box.child.pid)
            #expect(try waitForEnd(box.child) == .exited(0))
            guard case .record(let bytes, _) = try Channel(pair.ours.duplicate()).receive(wait: false) else {
                Issue.record("no answer")
                return
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
        }

        @Test func howSomebodyElsesChildEndedIsToldWhereTheKernelTells() throws {
            let pair = try Channel.pair()
            // The shell leaves at once: its child becomes another process's.
            let box = try shell("sleep 60 & echo $! >&3", descriptors: [pair.theirs.raw])
            #expect(try waitForEnd(box.child) == .exited(0))
            guard case .record(let text, _) = try Channel(pair.ours.duplicate()).receive(wait: false),
                let pid = Int32(String(decoding: text, as: UTF8.self).dropLast())
            else {
                Issue.record("no pid")
                return
            }
            let orphan = try Pidfd.open(pid)
            #expect(try Pidfd.reap(orphan) == nil)
            try Pidfd.signal(orphan, SIGKILL)
            var p = pollfd(fd: orphan.raw, events: Int16(POLLIN), revents: 0)
            #expect(poll(&p, 1, 5000) == 1)
            // Its new parent may have reaped it meanwhile; a kernel before 6.15 then knows nothing any more.
            let cause = try Pidfd.reap(orphan)
            #expect(cause == .signalled(SIGKILL) || cause == .unknown)
            if Pidfd.number(of: orphan) != nil, geteuid() == 0 { #expect(cause == .signalled(SIGKILL)) }
        }

        @Test func aDescriptorIsCopiedFromAnotherProcess() throws {
            let pair = try Channel.pair()
            let box = try shell("exec sleep 60", descriptors: [pair.theirs.raw])
            let copy = Channel(try Pidfd.copyDescriptor(box.child.pidfd, 3))
            try copy.send([1, 2])
            #expect(
                try Channel(pair.ours.duplicate()).receive(wait: false) == .record([1, 2], descriptors: []))
            #expect(throws: Errno.badDescriptor) { _ = try Pidfd.copyDescriptor(box.child.pidfd, 77).raw }
            try box.child.signal(SIGKILL)
            _ = try waitForEnd(box.child)
        }
    }
}

/// A child that a test keeps.
final class ChildBox {
    let child: Child
    init(_ child: consuming Child) { self.child = child }
}
