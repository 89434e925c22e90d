import ArgumentParser
import Foundation
import StatusWire
import Testing

@testable import ublkctl

/// `--json` of every verb, reduced to its members and their types, against what was recorded: scripts rely on
/// them, and they are only ever added to.
@Suite("--json of every verb has the recorded shape")
struct JSONShapeTests {
    private static let queue = QueueSummary(
        index: 0, tid: 4243, state: .serving, inflight: 3, reads: 10, writes: 20, readBytes: 4096,
        writeBytes: 8192, errors: 1, recoveries: 2, lastError: "EIO", lastProgressAt: Fixtures.now)

    private static let device = {
        var device = Fixtures.device(
            "data", id: 0, .live, reason: .reloadPending, message: "why", recoveries: 1, queues: [queue])
        device.nextAttempt = Fixtures.now
        device.lastRecovery = LastRecovery(
            cause: .signal(9), scope: .worker, startedAt: Fixtures.start, downtimeSeconds: 0.052,
            steps: RecoverySteps(
                detected: 10.5, startSent: 10.5, startAccepted: 10.5, endSent: 10.5, attachSent: 10.5,
                fetched: 10.5, live: 10.5, firstIO: 10.5))
        return device
    }()

    private static let problem = Problem(
        file: "f", line: 1, column: 2, message: "m", excerpt: "x", excerptColumn: 1, hint: "h")
    private static let holders = [
        Holder(kind: .process, name: "fio", pid: 7), Holder(kind: .mount, path: "/data"),
    ]

    private static let host = {
        var host = Fixtures.host
        host.configFile = "/etc/ublkd/ublkd.toml"
        host.configProblems = [problem]
        host.foreignDevices = [Fixtures.orphan]
        return host
    }()

    private static let detail = DeviceDetail(
        summary: device, path: "/srv/data.img", options: ["queues": "1"],
        geometry: DeviceGeometry(
            queues: 1, queueDepth: 128, blockSize: 512, physicalBlockSize: 4096, maxIO: 524_288, sectors: 8),
        modes: DeviceModes(io: "copy", recovery: "reissue", readOnly: false, discard: true),
        memory: WorkerMemory(residentBytes: 1, lockedBytes: 1), directIO: true, warnings: ["w"],
        detailMessage: "why", cookie: "0x1", flags: ["USER_RECOVERY"])

    private static func answer(_ request: Request) -> FakeUblkd.Answer {
        let outcome = DeviceOutcome(name: "data", outcome: .done, state: .live, message: "note")
        return switch request {
        case .status: .reply(.status(host))
        case .list: .reply(.list([device]))
        case .show: .reply(.show(detail))
        case .plan:
            .reply(
                .plan([
                    PlannedChange(
                        name: "a", changeClass: .remove, action: .stop, reason: "r", holders: holders)
                ]))
        case .reload:
            .reply(
                .reload([
                    ReloadOutcome(
                        name: "a", changeClass: .remove, action: .stop, outcome: .pending, reason: "r",
                        holders: holders)
                ]))
        case .start: .reply(.start([outcome]))
        case .stop: .reply(.stop([outcome]))
        case .restart: .reply(.restart([outcome]))
        case .upgrade: .reply(.upgrade([outcome]))
        case .recover: .reply(.recover([outcome]))
        case .subscribe: .reply(.events(Fixtures.events))
        case .cleanup:
            .reply(.cleanup(CleanupReply(device: Fixtures.orphan, removed: true, message: "removed")))
        }
    }

    static let verbs: [(verb: String, arguments: [String])] = [
        ("status", []), ("list", []), ("show", ["data"]), ("plan", []), ("reload", []), ("start", ["data"]),
        ("stop", ["data"]), ("restart", ["data"]), ("recover", ["data"]), ("upgrade", ["data"]),
        ("wait", ["data"]), ("events", []), ("cleanup", ["3"]), ("check", ["/dev/null"]),
    ]

    @Test("A verb", arguments: verbs)
    func verb(verb: String, arguments: [String]) throws {
        let server = try FakeUblkd(answer: Self.answer)
        defer { server.end() }
        let run = Run([verb, "--json", "--socket", server.path] + arguments)
        #expect(run.error == "")
        Golden.expect(try shape(of: run.out), as: "json-\(verb).txt")
    }

    @Test("Every verb is among them")
    func all() {
        let known = Ublkctl.configuration.subcommands.compactMap { $0._commandName }
        #expect(Set(known) == Set(Self.verbs.map(\.verb)))
    }

    @Test("Errors, in all their parts")
    func errors() throws {
        let outcomes = [
            DeviceOutcome(name: "data", outcome: .busy, state: .live, holders: Self.holders),
            DeviceOutcome(name: "b", outcome: .failed, state: .failed, message: "why"),
        ]
        let busy = try FakeUblkd(devices: [Self.device, Fixtures.device("b")]) { _ in .reply(.stop(outcomes))
        }
        defer { busy.end() }
        Golden.expect(
            try shape(of: Run(["stop", "--json", "--all", "--socket", busy.path]).out), as: "json-errors.txt")
        let broken = try FakeUblkd(devices: []) { _ in .error(.configInvalid(problems: [Self.problem])) }
        defer { broken.end() }
        Golden.expect(
            try shape(of: Run(["plan", "--json", "--socket", broken.path]).out), as: "json-problems.txt")
    }

    // MARK: - Shapes

    /// One line a member, `a.b[].c: type`, sorted; members of all elements of a list together.
    private func shape(of text: String) throws -> String {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        var lines: Set<String> = []
        collect(value, at: "", into: &lines)
        return lines.sorted().map { $0 + "\n" }.joined()
    }

    private func collect(_ value: Any, at place: String, into lines: inout Set<String>) {
        switch value {
        case let object as [String: Any]:
            // The keys of these are data.
            let isMap = place == "device.options" || place == "host.counts"
            for (key, member) in object {
                collect(
                    member, at: isMap ? "\(place).*" : place.isEmpty ? key : "\(place).\(key)", into: &lines)
            }
        case let list as [Any]:
            if list.isEmpty { lines.insert("\(place): []") }
            for element in list { collect(element, at: "\(place)[]", into: &lines) }
        // Encoded as "c": a Boolean, not a number.
        case let number as NSNumber:
            lines.insert("\(place): \(String(cString: number.objCType) == "c" ? "bool" : "number")")
        case is NSNull: lines.insert("\(place): null")
        default: lines.insert("\(place): string")
        }
    }
}
