import Glibc
import Systemd
import Testing

/// The service manager's end of the notification socket.
private final class Manager {
    private let listener = DatagramListener("notify")

    init() { setenv("NOTIFY_SOCKET", listener.path, 1) }

    deinit { unsetenv("NOTIFY_SOCKET") }

    /// The lines of the next message; none when there is none.
    func next() -> [String] {
        String(decoding: listener.next() ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The same, for which `loop` is run up to 10 s.
    func next(running loop: EventLoop) throws -> [String] {
        for _ in 0..<1_000 {
            let lines = next()
            if !lines.isEmpty { return lines }
            try loop.runOnce(milliseconds: 10)
        }
        return []
    }

    /// All messages that are there.
    func all() -> [[String]] {
        var found = [next()]
        while found.last?.isEmpty == false { found.append(next()) }
        found.removeLast()
        return found
    }

    /// Has others send READY=1 until nothing more is taken. Several, as what one has sent and nobody read is
    /// limited, too; together they fill what systemd makes of net.unix.max_dgram_qlen, 512.
    func fill() {
        for _ in 0..<4 {
            let other = Notify()
            for _ in 0..<300 { other.ready() }
        }
    }
}

private func now() -> UInt64 {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return UInt64(t.tv_sec) * 1_000_000_000 + UInt64(t.tv_nsec)
}

/// All that sets the environment is in this suite, one test after the other.
@Suite(.serialized) struct NotifyTests {
    @Test func theManagerHearsWhatHappens() {
        let manager = Manager()
        let notify = Notify()
        notify.ready()
        #expect(manager.next() == ["READY=1"])
        notify.status("3 devices live\nand a line that would be another variable=1")
        #expect(manager.next() == ["STATUS=3 devices live and a line that would be another variable=1"])
        notify.reloading()
        let lines = manager.next()
        #expect(lines.first == "RELOADING=1")
        #expect(lines.last.flatMap { UInt64($0.dropFirst("MONOTONIC_USEC=".count)) } ?? 0 > 0)
        notify.stopping()
        #expect(manager.next() == ["STOPPING=1"])
        notify.store(descriptor: 0, name: "page.data")
        #expect(manager.next() == ["FDSTORE=1", "FDNAME=page.data"])
        notify.removeStored(name: "page.data")
        #expect(manager.next() == ["FDSTOREREMOVE=1", "FDNAME=page.data"])
    }

    @Test func anAbstractNameIsAnAddressToo() throws {
        let name = "ublkd-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: [0] + Array(name.utf8)) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, length) }
        }
        try #require(bound == 0)
        setenv("NOTIFY_SOCKET", "@" + name, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        Notify().ready()
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = recv(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "READY=1")
    }

    @Test(arguments: [nil, "", "vsock:2:1", "/nowhere/socket"] as [String?])
    func withoutAManagerNothingHappens(address: String?) {
        unsetenv("NOTIFY_SOCKET")
        if let address { setenv("NOTIFY_SOCKET", address, 1) }
        defer { unsetenv("NOTIFY_SOCKET") }
        Notify().ready()
        Notify().status("x")
        #expect(Notify.listenDescriptors().isEmpty)
        #expect(!Journal.isStandardError)
    }

    // MARK: - A manager that does not read

    @Test(.timeLimit(.minutes(5)), arguments: [true, false])
    func aManagerThatDoesNotReadIsNotWaitedFor(isLoopKnownBefore: Bool) throws {
        let manager = Manager()
        manager.fill()
        let loop = try EventLoop()
        let notify = Notify()
        if isLoopKnownBefore { notify.use(loop) }
        let (page, socket, nextSocket) = (try LentFile(), try LentFile(), try LentFile())

        let began = now()
        notify.status("the oldest")
        page.lend { notify.store(descriptor: $0, name: "page.data") }
        socket.lend { notify.store(descriptor: $0, name: "socket.data") }
        for number in 0..<100 { notify.status("\(number) devices live") }
        notify.removeStored(name: "memory.data")
        notify.ready()
        notify.removeStored(name: "socket.data")
        nextSocket.lend { notify.store(descriptor: $0, name: "socket.data") }
        notify.status("the newest")
        notify.stopping()
        #expect(now() - began < 1_000_000_000)

        // What is removed again while it waits is not sent first.
        #expect(socket.isReleased)
        #expect(page.isHeld && nextSocket.isHeld)
        #expect(manager.all().allSatisfy { $0 == ["READY=1"] })

        if !isLoopKnownBefore { notify.use(loop) }
        // The messages fit into the shortest queue (net.unix.max_dgram_qlen, 10). A descriptor goes with its
        // message: as the listener takes no descriptors, the kernel closes it then.
        #expect(try manager.next(running: loop) == ["FDSTORE=1", "FDNAME=page.data"])
        #expect(page.isReleased)
        #expect(manager.next() == ["FDSTOREREMOVE=1", "FDNAME=memory.data"])
        #expect(manager.next() == ["READY=1"])
        #expect(manager.next() == ["FDSTOREREMOVE=1", "FDNAME=socket.data"])
        #expect(nextSocket.isHeld)
        #expect(manager.next() == ["FDSTORE=1", "FDNAME=socket.data"])
        #expect(nextSocket.isReleased)
        #expect(manager.next() == ["STATUS=the newest"])
        #expect(manager.next() == ["STOPPING=1"])
        #expect(manager.next().isEmpty)
        // There is no timer any more.
        #expect(try !loop.runOnce(milliseconds: 600))
        withExtendedLifetime(notify) {}
    }

    @Test(.timeLimit(.minutes(5))) func whatWaitsIsLimited() throws {
        let manager = Manager()
        manager.fill()
        let loop = try EventLoop()
        let notify = Notify()
        notify.status("what goes first")
        for number in 0..<1_500 { notify.removeStored(name: "\(number)") }
        let file = try LentFile()
        file.lend { notify.store(descriptor: $0, name: "page.data") }
        notify.status("too late")
        #expect(file.isReleased)
        #expect(manager.all().allSatisfy { $0 == ["READY=1"] })
        var arrived: [[String]] = []
        var batch: [[String]] = []
        repeat {
            notify.use(loop)
            batch = manager.all()
            arrived += batch
        } while !batch.isEmpty
        #expect(arrived == (476..<1_500).map { ["FDSTOREREMOVE=1", "FDNAME=\($0)"] })
    }

    // MARK: - Watchdog

    private func feed(
        _ notify: Notify, from loop: EventLoop, microseconds: Int, process: Int32 = getpid()
    ) throws {
        setenv("WATCHDOG_USEC", "\(microseconds)", 1)
        setenv("WATCHDOG_PID", "\(process)", 1)
        defer { for name in ["WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) } }
        try notify.feedWatchdog(from: loop)
    }

    @Test func theWatchdogIsFedAtHalfItsTimeWhileTheLoopTurns() throws {
        let manager = Manager()
        let notify = Notify()
        let loop = try EventLoop()
        try feed(notify, from: loop, microseconds: 200_000)
        #expect(manager.all() == [["WATCHDOG=1"]])
        // A loop that hangs.
        usleep(300_000)
        #expect(manager.all().isEmpty)
        // A thread that has to wait for a CPU sees the timer late: that it comes in time once is enough.
        var isInTime = false
        for _ in 0..<10 where !isInTime {
            let began = now()
            for _ in 0..<5 { #expect(try manager.next(running: loop) == ["WATCHDOG=1"]) }
            let took = (now() - began) / 1_000_000
            // The first is due within half the time, four follow.
            #expect(took >= 399)
            isInTime = took < 700
        }
        #expect(isInTime)
        withExtendedLifetime(notify) {}
    }

    @Test func anotherProcessesWatchdogIsNotFed() throws {
        let manager = Manager()
        let notify = Notify()
        let loop = try EventLoop()
        try feed(notify, from: loop, microseconds: 200_000, process: 1)
        #expect(manager.all().isEmpty)
        #expect(try !loop.runOnce(milliseconds: 300))
        withExtendedLifetime(notify) {}
    }

    /// A beat that is not taken does not wait, and the next one comes long before half the time is over.
    @Test func aBeatThatIsNotTakenIsMadeUpForSoon() throws {
        let manager = Manager()
        manager.fill()
        let notify = Notify()
        let loop = try EventLoop()
        try feed(notify, from: loop, microseconds: 600_000_000)
        #expect(manager.all().allSatisfy { $0 == ["READY=1"] })
        notify.use(loop)
        #expect(manager.all().isEmpty)
        #expect(try manager.next(running: loop) == ["WATCHDOG=1"])
        #expect(try !loop.runOnce(milliseconds: 600))
        withExtendedLifetime(notify) {}
    }
}
