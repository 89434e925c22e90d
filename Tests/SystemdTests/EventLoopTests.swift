import BlockABI
import Glibc
import Systemd
import Testing

/// What handlers write down.
private final class Log {
    var lines: [String] = []
}

@Suite(.serialized) struct EventLoopTests {
    private func pipe() throws -> (from: Int32, to: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    private func now() -> UInt64 {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return UInt64(t.tv_sec) * 1_000_000_000 + UInt64(t.tv_nsec)
    }

    @Test func aReadableDescriptorIsTold() throws {
        let loop = try EventLoop()
        let (from, to) = try pipe()
        defer { close(from) }
        let log = Log()
        let source = try loop.addIO(from, events: .readable) { events in
            var byte: UInt8 = 0
            if events.contains(.readable), read(from, &byte, 1) == 1 { log.lines.append("byte \(byte)") }
            if events.contains(.hangUp) {
                log.lines.append("end")
                loop.exit()
            }
        }
        var byte: UInt8 = 7
        write(to, &byte, 1)
        close(to)
        try loop.run()
        #expect(log.lines.first == "byte 7")
        #expect(log.lines.last == "end")
        withExtendedLifetime(source) {}
    }

    @Test(arguments: [UInt64(0), 5, 30])
    func aTimerComesOnceAndNotEarly(milliseconds: UInt64) throws {
        // A thread that has to wait for a CPU sees the timer late: that it comes in time once is enough.
        var isInTime = false
        for _ in 0..<10 where !isInTime {
            let loop = try EventLoop()
            let log = Log()
            let began = now()
            let source = try loop.addTimer(afterMilliseconds: milliseconds) { log.lines.append("\(now())") }
            for _ in 0..<100 where log.lines.isEmpty { try loop.runOnce(milliseconds: 100) }
            // Time in which it would come again.
            for _ in 0..<6 { try loop.runOnce(milliseconds: 10) }
            try #require(log.lines.count == 1)
            let at = UInt64(log.lines.first ?? "") ?? 0
            #expect(at >= began + milliseconds * 1_000_000)
            isInTime = at < began + (milliseconds + 50) * 1_000_000
            withExtendedLifetime(source) {}
        }
        #expect(isInTime)
    }

    @Test func aTimerOfThePastComesAtOnce() throws {
        let loop = try EventLoop()
        let log = Log()
        let source = try loop.addTimer(atNanoseconds: 1) { log.lines.append("due") }
        #expect(try loop.runOnce(milliseconds: 1000))
        #expect(log.lines == ["due"])
        withExtendedLifetime(source) {}
    }

    @Test func aHandlerMayEndItsOwnSourceAndStartTheNext() throws {
        let loop = try EventLoop()
        let log = Log()
        var source: Source?
        func again(_ left: Int) throws {
            source = try loop.addTimer(afterMilliseconds: 1) {
                log.lines.append("\(left)")
                source = nil
                if left > 0 { try? again(left - 1) } else { loop.exit() }
            }
        }
        try again(3)
        try loop.run()
        #expect(log.lines == ["3", "2", "1", "0"])
        #expect(source == nil)
    }

    @Test func aSignalIsAnEventAndNotADeath() throws {
        let loop = try EventLoop()
        let log = Log()
        let source = try loop.addSignal(SIGUSR2) { log.lines.append("usr2") }
        // To this thread: the others of the test runner do not block it.
        pthread_kill(pthread_self(), SIGUSR2)
        #expect(try loop.runOnce(milliseconds: 1000))
        #expect(log.lines == ["usr2"])
        withExtendedLifetime(source) {}
    }

    @Test func whatIsUrgentIsServedFirst() throws {
        let loop = try EventLoop()
        let log = Log()
        var sources: [Source] = []
        var ends: [Int32] = []
        for (name, priority) in [
            ("normal", Priority.normal), ("first", .first),
        ] {
            let (from, to) = try pipe()
            ends += [from, to]
            var byte: UInt8 = 1
            write(to, &byte, 1)
            sources.append(
                try loop.addIO(from, events: .readable, priority: priority) { _ in
                    var byte: UInt8 = 0
                    read(from, &byte, 1)
                    log.lines.append(name)
                })
        }
        for _ in 0..<4 { try loop.runOnce(milliseconds: 100) }
        #expect(log.lines == ["first", "normal"])
        sources = []
        for fd in ends { close(fd) }
    }

    /// A client that never stops asking does not keep a timer, a signal or anybody else from being served.
    @Test func nobodyStarvesBehindASourceThatIsAlwaysReady() throws {
        let loop = try EventLoop()
        let (from, to) = try pipe()
        defer { for fd in [from, to] { close(fd) } }
        var byte: UInt8 = 7
        write(to, &byte, 1)
        let log = Log()
        var turns = 0
        let flood = try loop.addIO(from, events: .readable) { _ in turns += 1 }
        let timer = try loop.addTimer(afterMilliseconds: 5) { log.lines.append("timer") }
        let signal = try loop.addSignal(SIGUSR2) { log.lines.append("signal") }
        pthread_kill(pthread_self(), SIGUSR2)
        for _ in 0..<200_000 where log.lines.count < 2 { try loop.runOnce(milliseconds: 100) }
        #expect(Set(log.lines) == ["timer", "signal"])
        #expect(turns > 0)
        withExtendedLifetime((flood, timer, signal)) {}
    }

    @Test func aSourceThatIsLetGoIsNotServed() throws {
        let loop = try EventLoop()
        let (from, to) = try pipe()
        defer { for fd in [from, to] { close(fd) } }
        let log = Log()
        do {
            let source = try loop.addIO(from, events: .readable) { _ in log.lines.append("never") }
            withExtendedLifetime(source) {}
        }
        var byte: UInt8 = 7
        write(to, &byte, 1)
        #expect(try !loop.runOnce(milliseconds: 10))
        #expect(log.lines.isEmpty)
    }

    @Test func handlersAreReleasedWithTheirSources() throws {
        let loop = try EventLoop()
        let (from, to) = try pipe()
        defer { for fd in [from, to] { close(fd) } }
        weak var released: Log?
        do {
            let log = Log()
            released = log
            for _ in 0..<1000 {
                let sources = [
                    try loop.addIO(from, events: .readable) { _ in log.lines.append("") },
                    try loop.addTimer(afterMilliseconds: 60_000) { log.lines.append("") },
                ]
                withExtendedLifetime(sources) {}
            }
            let signal = try loop.addSignal(SIGUSR2) { log.lines.append("") }
            withExtendedLifetime(signal) {}
            #expect(released != nil)
        }
        try loop.runOnce(milliseconds: 0)
        #expect(released == nil)
    }

    @Test func whatCannotBeWatchedIsAnError() throws {
        let loop = try EventLoop()
        #expect(throws: Errno.self) { _ = try loop.addIO(-1, events: .readable) { _ in } }
        #expect(throws: Errno.badDescriptor) { _ = try loop.addIO(499, events: .readable) { _ in } }
    }
}
