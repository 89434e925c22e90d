import Foundation
import StatusWire
import Testing

@testable import ublkctl

@Suite("upgrade: one device after the other, until the first that fails")
struct UpgradeTests {
    private static let devices = [
        Fixtures.device("a", id: 0), Fixtures.device("b", id: 1), Fixtures.device("c", id: 2),
    ]

    /// A ublkd that hands over every device, but answers for one of them as told.
    private func server(
        _ devices: [DeviceSummary] = devices, at name: String = "", _ answer: FakeUblkd.Answer = .silence
    ) throws -> FakeUblkd {
        try FakeUblkd(devices: devices) { request in
            guard case .upgrade(let names, _) = request, let first = names.first, names.count == 1 else {
                return .hangUp
            }
            if first == name { return answer }
            return .reply(.upgrade([DeviceOutcome(name: first, outcome: .done, state: .live)]))
        }
    }

    private func run(_ server: FakeUblkd, _ arguments: String...) -> Run {
        defer { server.end() }
        return Run(["--socket", server.path, "upgrade"] + arguments)
    }

    private func upgrades(_ server: FakeUblkd) -> [Request] {
        server.requests.filter { $0.method == .upgrade }
    }

    private func request(_ name: String, force: Bool = false) -> Request {
        .upgrade(names: [name], force: force)
    }

    @Test("Each device is told before the next one is touched")
    func oneByOne() throws {
        let server = try server()
        defer { server.end() }
        var said: [String] = []
        let console = Console(
            columns: nil, now: { Fixtures.now },
            out: {
                said.append("\(upgrades(server).count) \($0)")
                return true
            }, error: { _ in true })
        let arguments = ["--socket", server.path, "upgrade", "c", "ublkb0", "c"]
        #expect(Program.run(arguments: arguments, console: console) == 0)
        #expect(said == ["1 c: live\n", "2 a: live\n"])
        #expect(upgrades(server) == [request("c"), request("a")])
    }

    @Test("--all: ours, in name order; --force is passed on; what has no worker is left alone")
    func all() throws {
        let server = try server([
            Fixtures.device("logs", id: 1, .degraded), Fixtures.device("idle", .stopped),
            Fixtures.device("data", id: 0), Fixtures.device("new", .absent),
            Fixtures.device("old", id: 2, owner: .orphan), Fixtures.device("kublk", id: 3, owner: .foreign),
        ])
        let result = run(server, "--all", "--force")
        #expect(result.status == 0 && result.error == "")
        #expect(
            result.out == """
                data: live
                idle: stopped: there is no worker to replace
                logs: live
                new: absent: there is no worker to replace

                """)
        #expect(upgrades(server) == [request("data", force: true), request("logs", force: true)])
        #expect(run(try FakeUblkd(devices: []), "--all").status == 0)
    }

    @Test("A device that is named is asked for, whatever its state: ublkd refuses it in its own words")
    func notLive() throws {
        let outcome = DeviceOutcome(
            name: "a", outcome: .refused, state: .stopped, message: "it is stopped and has no worker")
        let server = try server([Fixtures.device("a", .stopped)], at: "a", .reply(.upgrade([outcome])))
        let result = run(server, "a")
        #expect(result.status == 1 && result.out == "")
        #expect(result.error == "ublkctl: upgrade a: refused: it is stopped and has no worker\n")
    }

    @Test("It stops at the first that fails, and names those that were not tried", arguments: [true, false])
    func stopsAtFailure(isRefused: Bool) throws {
        let outcome = DeviceOutcome(
            name: "b", outcome: isRefused ? .refused : .failed, state: .live, message: "why")
        let server = try server(at: "b", .reply(.upgrade([outcome])))
        let result = run(server, "--all")
        #expect(result.status == 1 && result.out == "a: live\n")
        let word = isRefused ? "refused" : "failed"
        #expect(result.error == "ublkctl: upgrade b: \(word): why; not tried: c\n")
        #expect(upgrades(server) == [request("a"), request("b")])
    }

    @Test("Many that were not tried are counted")
    func manyUntried() throws {
        let devices = (10..<50).map { (id: Int) in Fixtures.device("d\(id)", id: id) }
        let server = try server(devices, at: "d10", .error(.failed(name: "d10", message: "why")))
        #expect(
            run(server, "--all").error
                == "ublkctl: upgrade d10: why; not tried: d11, d12, d13, d14, d15, d16, d17, d18 and 31 more\n"
        )
    }

    @Test(
        "What ublkd answers with an error ends it with that error's status",
        arguments: [
            (WireError.permissionDenied, 77), (.noSuchDevice(name: "b"), 4), (.timeout(name: "b"), 124),
            (.refused(name: "b", reason: "why"), 1), (.failed(name: "b", message: "why"), 1),
            (.methodNotFound(method: "org.ublkd.Upgrade"), 1),
        ] as [(WireError, Int32)])
    func errors(error: WireError, status: Int32) throws {
        let server = try server(at: "b", .error(error))
        let result = run(server, "--all")
        #expect(result.status == status && result.out == "a: live\n")
        #expect(result.error.hasSuffix("; not tried: c\n"))
        #expect(upgrades(server).count == 2)
    }

    @Test("3 and 124: ublkd went away, or says nothing; the device that was under way is named")
    func lost() throws {
        let gone = run(try server(at: "b", .hangUp), "--all")
        #expect(gone.status == 3 && gone.out == "a: live\n")
        #expect(gone.error.hasPrefix("ublkctl: upgrade b: ublkd closed the connection before it answered"))
        #expect(gone.error.hasSuffix("; not tried: c\n"))
        // On a busy machine the answers up to there take a part of the time, too.
        let silent = run(try server(at: "b", .silence), "--all", "--timeout", "3s")
        #expect(silent.status == 124 && silent.error.hasPrefix("ublkctl: upgrade b: ublkd at "))
        #expect(silent.error.contains("did not answer in time") && silent.error.hasSuffix("not tried: c\n"))
        #expect(Run(["--socket", "/nonexistent/s", "upgrade", "a"]).status == 3)
    }

    @Test("An answer that is not about the device is no success")
    func emptyAnswer() throws {
        let result = run(try server(at: "a", .reply(.upgrade([]))), "a")
        #expect(result.status == 1 && result.error.contains("does not say what became of it"))
    }

    @Test("--json: one object with every device, tried or not; --quiet: nothing but errors")
    func json() throws {
        let failed = DeviceOutcome(name: "b", outcome: .failed, state: .live, message: "why")
        let result = run(try server(at: "b", .reply(.upgrade([failed]))), "--all", "--json")
        #expect(result.status == 1 && result.error == "")
        #expect(
            result.out
                == #"{"error":{"code":"failed","exit":1,"message":"upgrade b: failed: why; not tried: c","#
                + #""name":"b"},"outcomes":[{"name":"a","outcome":"done","state":"live"},"#
                + #"{"message":"why","name":"b","outcome":"failed","state":"live"},"#
                + #"{"message":"not tried, because b was not upgraded","name":"c","outcome":"refused","#
                + #""state":"live"}],"version":1}"# + "\n")
        #expect(run(try server(), "--all", "--quiet").out == "")
        let quiet = run(try server(at: "b", .reply(.upgrade([failed]))), "--all", "--quiet")
        #expect(quiet.out == "" && quiet.error == "ublkctl: upgrade b: failed: why; not tried: c\n")
        #expect(
            run(try FakeUblkd(devices: []), "--all", "--json").out == #"{"outcomes":[],"version":1}"# + "\n")
    }

    @Test("--no-wait changes nothing: the next device waits for the last")
    func noWait() throws {
        let server = try server()
        #expect(run(server, "--all", "--no-wait").out == "a: live\nb: live\nc: live\n")
        #expect(upgrades(server).count == 3)
    }
}
