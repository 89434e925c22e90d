import Foundation
import StatusWire
import Testing

@testable import ublkctl

@Suite("plan, restart, events, cleanup and status --watch")
struct LookingAndMendingTests {
    private func run(_ server: FakeUblkd, _ arguments: String..., isTerminal: Bool = false) -> Run {
        defer { server.end() }
        return Run(["--socket", server.path] + arguments, isTerminal: isTerminal)
    }

    private let data = Fixtures.device("data", id: 0)

    @Test("plan: a line for each difference")
    func plan() throws {
        let changes = [
            PlannedChange(
                name: "gone", changeClass: .remove, action: .stop,
                reason: "it is in use and goes when its last user closes it",
                holders: [Holder(kind: .mount, path: "/mnt")]),
            PlannedChange(name: "new", changeClass: .add, action: .start),
        ]
        let server = try FakeUblkd(devices: []) { _ in .reply(.plan(changes)) }
        let result = run(server, "plan")
        #expect(result.status == 0 && server.requests == [.plan])
        #expect(
            result.out == """
                NAME  CLASS   ACTION  REASON
                gone  remove  stop    it is in use and goes when its last user closes it: mounted on /mnt
                new   add     start   -

                """)
        let nothing = run(try FakeUblkd(devices: []) { _ in .reply(.plan([])) }, "plan")
        #expect(nothing.status == 0 && nothing.out == "nothing to do: the devices are as configured\n")
    }

    @Test("restart waits until it serves, and does not take the old life for the new one")
    func restart() throws {
        let accepted = DeviceOutcome(name: "data", outcome: .accepted, state: .starting)
        let lists = [
            [data], [Fixtures.device("data", .starting)],
            [Fixtures.device("data", id: 0, since: Fixtures.now)],
        ]
        let server = try FakeUblkd(lists: lists) { _ in .reply(.restart([accepted])) }
        let result = run(server, "restart", "ublkb0")
        #expect(result.status == 0 && result.out == "data: live\n")
        #expect(server.requests[1] == .restart(names: ["data"]) && server.requests.count == 4)
        let failed = Fixtures.device("data", .failed, since: Fixtures.now)
        let bad = try FakeUblkd(lists: [[data], [failed]]) { _ in .reply(.restart([accepted])) }
        #expect(run(bad, "restart", "data").status == 1)
        let hasty = try FakeUblkd(devices: [data]) { _ in .reply(.restart([accepted])) }
        #expect(run(hasty, "restart", "--all", "--no-wait").out == "data: starting\n")
    }

    @Test("restart of a device in use: 5, with its holders, and no word of a --force that it has not")
    func restartBusy() throws {
        let busy = DeviceOutcome(
            name: "data", outcome: .busy, state: .live, holders: [Holder(kind: .process, name: "fio", pid: 7)]
        )
        let result = run(
            try FakeUblkd(devices: [data]) { _ in .reply(.restart([busy])) }, "restart", "data")
        #expect(result.status == 5)
        #expect(result.error == "ublkctl: restart data: in use: open in fio (pid 7); close it first\n")
    }

    @Test("events: what is kept, a line each")
    func events() throws {
        let server = try FakeUblkd(devices: []) { _ in .reply(.events(Fixtures.events)) }
        let result = run(server, "events", "--since", "3")
        #expect(result.status == 0 && server.requests == [.subscribe(since: 3)])
        #expect(
            result.out == """
                    7  2026-08-01T12:34:56.000Z  -             gap           7 earlier events are not kept any more
                    8  2026-08-01T12:34:56.000Z  data          recovering    its worker is lost (signal:9); a new one is on its way
                    9  2026-08-01T12:37:56.000Z  data          recovered     recovered after signal:9, 52 ms without service

                """)
        #expect(run(try FakeUblkd(devices: []) { _ in .reply(.events([])) }, "events").out == "")
    }

    @Test("events --follow goes on until ublkd ends: 3; or --timeout: 124")
    func follow() throws {
        let batches = Fixtures.events.map { Response.events([$0]) }
        let server = try FakeUblkd(devices: []) { _ in .stream(batches) }
        let result = run(server, "events", "--follow")
        #expect(result.status == 3 && result.error.contains("closed the connection"))
        #expect(result.out == EventText.rendered(Fixtures.events))
        let silent = try FakeUblkd(devices: []) { _ in .reply(.events(Fixtures.events)) }
        // On a busy machine the answer takes a part of the time, too.
        let timed = run(silent, "events", "--follow", "--timeout", "3s")
        #expect(timed.status == 124 && timed.out == EventText.rendered(Fixtures.events))
    }

    @Test("events --follow --json: each batch is one object on its own line")
    func followJSON() throws {
        let batches = Fixtures.events.map { Response.events([$0]) } + [.events([])]
        let result = run(
            try FakeUblkd(devices: []) { _ in .stream(batches) }, "events", "--follow", "--json")
        let lines = result.out.split(separator: "\n")
        #expect(result.status == 3 && lines.count == 4 && lines[3].contains(#""code":"not-running""#))
        #expect(
            lines.dropLast().allSatisfy { $0.hasPrefix(#"{"events":[{"#) && $0.hasSuffix(#""version":1}"#) })
    }

    @Test("cleanup: what was done, and with --dry-run what would be")
    func cleanup() throws {
        let server = try FakeUblkd(devices: []) { request in
            guard case .cleanup(_, let dryRun) = request else { return .hangUp }
            return .reply(
                .cleanup(
                    CleanupReply(
                        device: Fixtures.orphan, removed: !dryRun,
                        message: dryRun ? "would be removed; it has no worker" : "removed; it had no worker"))
            )
        }
        defer { server.end() }
        let socket = ["--socket", server.path]
        #expect(Run(socket + ["cleanup", "3"]).out == "ublkb3: removed; it had no worker\n")
        #expect(
            Run(socket + ["cleanup", "--dry-run", "ublkb3"]).out
                == "ublkb3: would be removed; it has no worker\n")
        #expect(
            server.requests == [.cleanup(name: "3", dryRun: false), .cleanup(name: "ublkb3", dryRun: true)])
        #expect(
            Run(socket + ["cleanup", "--no-wait", "3"]).out
                == "ublkb3: begun: would be removed; it has no worker\n")
        #expect(server.requests[2] == .cleanup(name: "3", dryRun: true))
    }

    @Test(
        "cleanup that is refused",
        arguments: [
            (WireError.refused(name: "ublkb3", reason: "it was made by another tool"), 1),
            (.busy(name: "ublkb3", holders: [Holder(kind: .swap)]), 5), (.noSuchDevice(name: "3"), 4),
            (.timeout(name: "ublkb3"), 124), (.permissionDenied, 77),
        ] as [(WireError, Int32)])
    func cleanupRefused(error: WireError, status: Int32) throws {
        #expect(run(try FakeUblkd(devices: []) { _ in .error(error) }, "cleanup", "3").status == status)
    }

    @Test("A link of ours whose node is gone still tells cleanup the name")
    func plainWord() {
        #expect(DeviceWord.plain("/dev/ublk/by-name/old") { _ in nil } == "old")
        #expect(DeviceWord.plain("/dev/ublk/by-name/old") { _ in "/dev/ublkb7" } == "ublkb7")
        #expect(DeviceWord.plain("7") == "7" && DeviceWord.plain("/srv/x") { _ in nil } == "/srv/x")
    }

    @Test("status --watch in a pipe: again only when something changed; a restart of ublkd is waited through")
    func watch() throws {
        let asked = Box(0)
        let server = try FakeUblkd { request in
            if case .status = request { return .reply(.status(Fixtures.host)) }
            switch asked.next() {
            case 0, 1: return .reply(.list([Fixtures.device("data", id: 0)]))
            case 2: return .hangUp
            default: return .reply(.list([Fixtures.device("data", id: 0, .failed)]))
            }
        }
        let result = run(server, "status", "--watch", "--timeout", "3500ms")
        #expect(result.status == 124)
        let frames = result.out.components(separatedBy: "\n\n")
        #expect(frames.count == 3, "\(result.out)")
        #expect(frames.first?.contains("live") == true && frames[1].contains("ublkd is not running"))
        #expect(frames[2].contains("failed"))
    }

    @Test("status --watch on a terminal: every second, in place of the last one")
    func watchTerminal() throws {
        let server = try FakeUblkd(devices: [data])
        let result = run(server, "status", "--watch", "--timeout", "1500ms", isTerminal: true)
        #expect(result.status == 124)
        #expect(result.out.components(separatedBy: "\u{1B}[H\u{1B}[2J").count - 1 >= 2)
    }

    @Test("status --watch without a ublkd to begin with: 3")
    func watchNobody() {
        #expect(Run(["--socket", "/nonexistent/s", "status", "--watch"]).status == 3)
    }
}
