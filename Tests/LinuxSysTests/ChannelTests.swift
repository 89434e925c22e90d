import BlockABI
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct ChannelTests {
        @Test func recordsArriveWholeAndInOrder() throws {
            let pair = try Channel.pair()
            let (a, b) = try (TestEnd(pair.ours.duplicate()), TestEnd(pair.theirs.duplicate()))
            try a.channel.send([1, 2, 3])
            try a.channel.send([UInt8](repeating: 7, count: 60_000), wait: true)
            #expect(try b.channel.receive(wait: true) == .record([1, 2, 3], descriptors: []))
            #expect(
                try b.channel.receive(wait: true)
                    == .record([UInt8](repeating: 7, count: 60_000), descriptors: []))
            #expect(try b.channel.receive(wait: false) == .wouldBlock)
        }

        @Test func descriptorsArriveCloseOnExecAndAreTheReceivers() throws {
            let pair = try Channel.pair()
            let ours = Channel(pair.ours)
            let theirs = Channel(pair.theirs)
            let inner = try Channel.pair()
            try ours.send([9, 9], descriptors: [inner.theirs.raw, inner.theirs.raw])
            guard case .record(let bytes, let got) = try theirs.receive(wait: true) else {
                Issue.record("no record")
                return
            }
            #expect(bytes == [9, 9])
            #expect(got.count == 2)
            for number in got { #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0) }
            let received = Channel(Fd(owning: got[0]))
            close(got[1])
            try received.send([4])
            #expect(try Channel(inner.ours.duplicate()).receive(wait: true) == .record([4], descriptors: []))
        }

        @Test func aRecordThatDoesNotFitIsDroppedWithItsDescriptors() throws {
            let pair = try Channel.pair()
            let inner = try Channel.pair()
            let ours = Channel(pair.ours)
            let theirs = Channel(pair.theirs)
            let leaks = try changesDescriptors {
                try ours.send(
                    [UInt8](repeating: 1, count: ChildProtocol.maxRecord + 1), descriptors: [inner.ours.raw],
                    wait: true)
                #expect(throws: Errno.messageSize) { try theirs.receive(wait: true) }
            }
            #expect(!leaks)
            try ours.send([5, 0])
            #expect(try theirs.receive(wait: true) == .record([5, 0], descriptors: []))
        }

        @Test func theEndIsToldAfterTheLastRecordEvenIfThePeerLeftSomethingUnread() throws {
            let pair = try Channel.pair()
            let ours = Channel(pair.ours)
            try ours.send([1, 1])
            do {
                let theirs = Channel(pair.theirs)
                try theirs.send([6, 6])
            }
            #expect(try ours.receive(wait: true) == .record([6, 6], descriptors: []))
            #expect(try ours.receive(wait: true) == .closed)
            #expect(throws: Errno.brokenPipe) { try ours.send([1, 1]) }
        }

        @Test func aFullSocketIsAnAnswerAndNotAWait() throws {
            let pair = try Channel.pair()
            let ours = Channel(pair.ours)
            var sent = 0
            #expect(throws: Errno.tryAgain) {
                while sent < 100_000 {
                    try ours.send([UInt8](repeating: 1, count: 4096))
                    sent += 1
                }
            }
            #expect(sent > 0)
            withExtendedLifetime(pair.theirs.raw) {}
        }
    }
}

/// A channel that a test holds in a tuple.
final class TestEnd {
    let channel: Channel
    init(_ fd: consuming Fd) { channel = Channel(fd) }
}
