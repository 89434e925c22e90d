import Foundation
import StatusWire
import Testing

@testable import ublkctl

/// Each status that a script may see, brought about as a user would.
@Suite("Exit statuses")
struct ExitStatusTests {
    private func run(_ server: FakeUblkd, _ arguments: String..., columns: Int? = nil) -> Run {
        defer { server.end() }
        return Run(["--socket", server.path] + arguments, columns: columns)
    }

    private let data = Fixtures.device("data", id: 0)

    @Test("0: it is as asked")
    func done() throws {
        let outcome = DeviceOutcome(name: "data", outcome: .unchanged, state: .live)
        let result = run(
            try FakeUblkd(devices: [data]) { _ in .reply(.start([outcome])) }, "start", "data")
        #expect(result.status == 0 && result.out == "data: live\n" && result.error == "")
    }

    @Test("0 for degraded, too")
    func degraded() throws {
        let device = Fixtures.device("data", id: 0, .degraded)
        #expect(run(try FakeUblkd(devices: [device]), "wait", "data", "--state", "live").status == 0)
    }

    @Test("1: it failed, and the sentence says why and where to look")
    func failed() throws {
        let absent = Fixtures.device("data", .absent)
        let failed = Fixtures.device(
            "data", .failed, reason: .backingMissing, message: "the backing file is missing",
            since: Fixtures.now)
        let outcome = DeviceOutcome(name: "data", outcome: .accepted, state: .starting)
        let server = try FakeUblkd(lists: [[absent], [Fixtures.device("data", .starting)], [failed]]) { _ in
            .reply(.start([outcome]))
        }
        let result = run(server, "start", "data")
        #expect(result.status == 1 && result.out == "")
        #expect(
            result.error
                == "ublkctl: start data: it is failed (backing-missing: the backing file is missing) "
                + "and not live; 'ublkctl show data' tells more\n")
    }

    @Test("status of named devices: 1 unless each is as it should be", arguments: DeviceState.allCases)
    func statusOfNamed(state: DeviceState) throws {
        let device = Fixtures.device("data", id: 0, state)
        let unwell: Set<DeviceState> = [.starting, .recovering, .failed, .held, .stopping]
        #expect(
            run(try FakeUblkd(devices: [device]), "status", "data").status == (unwell.contains(state) ? 1 : 0)
        )
        #expect(run(try FakeUblkd(devices: [device]), "status").status == 0)
    }

    @Test("1: refused")
    func refused() throws {
        let result = run(
            try FakeUblkd(devices: [data]) { _ in .error(.refused(name: "data", reason: "not now")) },
            "recover", "data")
        #expect(result.status == 1 && result.error == "ublkctl: recover data: refused: not now\n")
    }

    @Test(
        "2: wrong usage",
        arguments: [
            [], ["nope"], ["start"], ["start", "--all", "data"], ["show"], ["show", "a", "b"], ["wait"],
            ["wait", "data", "--state", "nope"], ["list", "--timeout", "soon"], ["list", "--nope"],
            ["recover", "data", "--queue", "-1"], ["recover", "data", "--queue", "x"],
            ["upgrade"], ["upgrade", "--all", "data"],
            ["list", "--socket", String(repeating: "x", count: 108)], ["list", "--socket", ""],
        ])
    func usage(arguments: [String]) {
        let result = Run(arguments)
        #expect(result.status == 2 && result.out == "" && result.error.hasPrefix("Error: "))
    }

    @Test("2: a queue that the device has not")
    func noQueue() throws {
        let device = Fixtures.device("data", queues: [QueueSummary(index: 0, state: .serving)])
        let result = run(try FakeUblkd(devices: [device]), "recover", "data", "--queue", "0", "3")
        #expect(result.status == 2 && result.error == "ublkctl: recover data: no queue 3; it has 0 to 0\n")
    }

    @Test("3: nobody listens, with no socket and with one left over")
    func notRunning() throws {
        let missing = Run(["--socket", "/nonexistent/org.ublkd", "list"])
        #expect(missing.status == 3 && missing.error.contains("nobody listens at /nonexistent/org.ublkd"))

        let path = FileManager.default.temporaryDirectory.path + "/ublkctl-left-\(UUID().uuidString)"
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(fd)
        defer { unlink(path) }
        #expect(Run(["--socket", path, "status"]).status == 3)
    }

    @Test("3: it ended in the middle")
    func hungUp() throws {
        let result = run(try FakeUblkd { _ in .hangUp }, "list")
        #expect(result.status == 3 && result.error.contains("closed the connection before it answered"))
    }

    @Test("4: no such device", arguments: ["start", "stop", "show", "status", "recover", "upgrade", "wait"])
    func noSuchDevice(verb: String) throws {
        let result = run(try FakeUblkd(devices: [data]), verb, "dta")
        #expect(result.status == 4 && result.out == "")
        #expect(result.error == "ublkctl: no such device: 'dta'; there is data\n")
    }

    @Test("5: busy, and who holds it", arguments: [true, false])
    func busy(asError: Bool) throws {
        let holders = [
            Holder(kind: .mount, path: "/data"), Holder(kind: .process, name: "fio", pid: 7),
            Holder(kind: .device, name: "dm-0"), Holder(kind: .swap),
        ]
        let outcome = DeviceOutcome(name: "data", outcome: .busy, state: .live, holders: holders)
        let server = try FakeUblkd(devices: [data]) { _ in
            asError ? .error(.busy(name: "data", holders: holders)) : .reply(.stop([outcome]))
        }
        let result = run(server, "stop", "data")
        #expect(result.status == 5)
        #expect(
            result.error
                == "ublkctl: stop data: in use: mounted on /data, open in fio (pid 7), used by dm-0, "
                + "used as swap; close it first, or use --force, which fails its I/O\n")
    }

    @Test("77: not permitted by ublkd")
    func notPermitted() throws {
        let result = run(try FakeUblkd(devices: [data]) { _ in .error(.permissionDenied) }, "show", "data")
        #expect(result.status == 77 && result.error.contains("only root and members of group ublkd"))
    }

    @Test("77: not permitted by the socket's mode", .enabled(if: geteuid() == 0, "needs root to give it up"))
    func noAccess() throws {
        let server = try FakeUblkd(devices: [data])
        defer { server.end() }
        chmod(server.path, 0)
        let result = Thread.run {
            setFilesystemUser(65534)
            return Run(["--socket", server.path, "list"])
        }
        #expect(result.status == 77 && result.error.contains("not permitted to connect"))
    }

    @Test("78: the configuration has errors, and each is shown with its line and caret")
    func configuration() throws {
        let problems = [
            Problem(
                file: "/etc/ublkd/ublkd.toml", line: 12, column: 6, length: 4, message: "unknown key 'sise'",
                excerpt: "\tx = sise", hint: "did you mean 'size'?"),
            Problem(file: "/etc/ublkd/devices.d/b.toml", message: "cannot be read"),
        ]
        let server = try FakeUblkd(devices: [data]) { _ in .error(.configInvalid(problems: problems)) }
        let result = run(server, "reload")
        #expect(result.status == 78 && result.out == "")
        #expect(result.error.contains("/etc/ublkd/ublkd.toml:12:6: error: unknown key 'sise'\n"))
        #expect(result.error.contains("x = sise\n") && result.error.contains("        ^^^^\n"))
        #expect(result.error.contains("did you mean 'size'?"))
        #expect(result.error.contains("/etc/ublkd/devices.d/b.toml: error: cannot be read\n"))
        #expect(
            result.error.hasSuffix(
                "ublkctl: reload: the configuration has 2 errors; nothing was changed. Correct the file, "
                    + "then reload again.\n"))
    }

    @Test("124: no answer in time")
    func silence() throws {
        let started = ContinuousClock.now
        let result = run(try FakeUblkd { _ in .silence }, "list", "--timeout", "200ms")
        #expect(result.status == 124 && result.error.contains("did not answer in time"))
        #expect(ContinuousClock.now - started >= .milliseconds(200))
    }

    @Test("124: answered, but the device is not as asked in time")
    func timeout() throws {
        let starting = Fixtures.device("data", .starting)
        // On a busy machine the first answer takes a part of the time, too.
        let result = run(
            try FakeUblkd(devices: [starting]), "wait", "data", "--state", "live", "--timeout", "3s")
        #expect(result.status == 124)
        #expect(
            result.error
                == "ublkctl: wait data: still starting after 3s, not live; it goes on without this "
                + "command; --timeout waits longer\n")
    }

    @Test("1: what answers is no ublkd")
    func nonsense() throws {
        for bytes in [Array("hello\0".utf8), Array("{}\0".utf8), Array(#"{"parameters":{}}"#.utf8) + [0]] {
            let result = run(try FakeUblkd { _ in .bytes(bytes) }, "list")
            #expect(result.status == 1 && result.error.contains("is not what ublkd answers"))
        }
    }

    @Test("Different failures of several devices: 1; the same: that one")
    func several() throws {
        let devices = [data, Fixtures.device("logs", id: 1)]
        let busy = devices.map { DeviceOutcome(name: $0.name, outcome: .busy, state: .live) }
        #expect(
            run(try FakeUblkd(devices: devices) { _ in .reply(.stop(busy)) }, "stop", "--all").status == 5)

        let mixed = [busy[0], DeviceOutcome(name: "logs", outcome: .failed, state: .failed, message: "why")]
        let result = run(try FakeUblkd(devices: devices) { _ in .reply(.stop(mixed)) }, "stop", "--all")
        #expect(result.status == 1)
        #expect(result.error.contains("stop data: in use") && result.error.contains("stop logs: failed: why"))
    }

    @Test("An answer that cannot be written is a failure")
    func fullDisk() throws {
        let server = try FakeUblkd(devices: [data])
        defer { server.end() }
        let console = Console(columns: nil, now: { Fixtures.now }, out: { _ in false }, error: { _ in true })
        #expect(Program.run(arguments: ["--socket", server.path, "list"], console: console) == 1)
    }
}

/// setfsuid(2): whose permissions this thread has on files, and this thread alone. Away from 0 it also takes
/// away root's power over modes.
@_silgen_name("setfsuid") @discardableResult
private func setFilesystemUser(_ user: UInt32) -> Int32

extension Thread {
    /// Runs the body on a thread of its own and waits for it.
    static func run(_ body: @escaping @Sendable () -> Run) -> Run {
        final class Slot: @unchecked Sendable { var run: Run? }
        let slot = Slot()
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            slot.run = body()
            done.signal()
        }
        done.wait()
        return slot.run ?? Run(["--no-such-option"])
    }
}
