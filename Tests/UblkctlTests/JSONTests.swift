import Foundation
import StatusWire
import Testing

@testable import ublkctl

@Suite("--json, as a script sees it")
struct JSONTests {
    private func run(_ server: FakeUblkd, _ arguments: String...) -> Run {
        defer { server.end() }
        return Run(["--json", "--socket", server.path] + arguments)
    }

    private let bare = DeviceSummary(name: "new", state: .absent, since: Fixtures.start, target: "null")
    private let bareText =
        #"{"message":"","name":"new","owner":"ours","queues":[],"reason":"none","recoveries":0,"#
        + #""since":"2026-08-01T12:34:56.000Z","state":"absent","target":"null"}"#

    @Test("status")
    func status() throws {
        let result = run(try FakeUblkd(devices: [bare]), "status")
        #expect(result.status == 0 && result.error == "")
        #expect(
            result.out == #"{"devices":["# + bareText + #"],"host":{"agents":{"running":0,"writtenOff":0},"#
                + #""configProblemCount":0,"configProblems":[],"configState":"current","counts":{"live":1},"#
                + #""foreignDevices":[],"instance":"default","kernel":{"family":"modern","#
                + #""features":"0x1fffff","release":"7.3.4"},"message":"","pid":77,"spareWorkers":0,"#
                + #""startedAt":"2026-08-01T12:34:56.000Z","version":"0.1.0"},"version":1}"# + "\n")
    }

    @Test("show")
    func show() throws {
        let server = try FakeUblkd(devices: [bare]) { [bare] _ in
            .reply(.show(DeviceDetail(summary: bare, path: "/srv/x/y")))
        }
        let result = run(server, "show", "new")
        #expect(
            result.out
                == #"{"device":{"cookie":"","detailMessage":"","directIO":false,"flags":[],"message":"","#
                + #""name":"new","options":{},"owner":"ours","path":"/srv/x/y","queues":[],"reason":"none","#
                + #""recoveries":0,"since":"2026-08-01T12:34:56.000Z","state":"absent","target":"null","#
                + #""warnings":[]},"version":1}"# + "\n")
    }

    @Test("list, and what changes devices")
    func others() throws {
        #expect(run(try FakeUblkd(devices: [bare]), "list").out == #"{"names":["new"],"version":1}"# + "\n")
        let started = try FakeUblkd(devices: [bare]) { _ in
            .reply(.start([DeviceOutcome(name: "new", outcome: .done, state: .live)]))
        }
        #expect(
            run(started, "start", "new").out
                == #"{"outcomes":[{"name":"new","outcome":"done","state":"live"}],"version":1}"# + "\n")
        let reloaded = try FakeUblkd(devices: [bare]) { _ in
            .reply(
                .reload([ReloadOutcome(name: "new", changeClass: .add, action: .start, outcome: .done)]))
        }
        #expect(
            run(reloaded, "reload").out
                == #"{"outcomes":[{"action":"start","class":"add","name":"new","outcome":"done","reason":""}],"#
                + #""version":1}"# + "\n")
        #expect(
            run(try FakeUblkd(devices: []), "stop", "--all").out == #"{"outcomes":[],"version":1}"# + "\n")
        #expect(
            run(try FakeUblkd(devices: []), "wait", "x", "--state", "absent").out
                == #"{"outcomes":[{"name":"x","outcome":"done","state":"absent"}],"version":1}"# + "\n")
    }

    @Test("An error is the same one object, and standard error stays empty")
    func errors() throws {
        let result = run(try FakeUblkd(devices: [bare]), "show", "x")
        #expect(result.status == 4 && result.error == "")
        #expect(
            result.out == #"{"error":{"code":"no-such-device","exit":4,"#
                + #""message":"no such device: 'x'; there is new","name":"x"},"version":1}"# + "\n")

        let usage = Run(["--json", "show"])
        #expect(usage.status == 2 && usage.error == "")
        #expect(
            usage.out
                == #"{"error":{"code":"usage","exit":2,"message":"Missing expected argument '<name>'"},"#
                + #""version":1}"# + "\n")
    }

    @Test("Holders and problems are told in their parts")
    func parts() throws {
        let holders = [Holder(kind: .mount, path: "/data")]
        let busy = try FakeUblkd(devices: [bare]) { _ in .error(.busy(name: "new", holders: holders)) }
        #expect(run(busy, "stop", "new").out.contains(#""holders":[{"kind":"mount","path":"/data"}]"#))
        let problem = Problem(file: "f", line: 1, column: 2, message: "m")
        let broken = try FakeUblkd(devices: []) { _ in .error(.configInvalid(problems: [problem])) }
        let result = run(broken, "reload")
        #expect(result.status == 78)
        #expect(
            result.out.contains(
                #""problems":[{"column":2,"file":"f","length":1,"line":1,"message":"m","severity":"error"}]"#)
        )
    }

    @Test("Some done, some not: outcomes and all errors in one object")
    func partly() throws {
        let devices = [Fixtures.device("a"), Fixtures.device("b"), Fixtures.device("c")]
        let outcomes = [
            DeviceOutcome(name: "a", outcome: .done, state: .stopped),
            DeviceOutcome(name: "b", outcome: .busy, state: .live),
            DeviceOutcome(name: "c", outcome: .failed, state: .failed, message: "why"),
        ]
        let result = run(try FakeUblkd(devices: devices) { _ in .reply(.stop(outcomes)) }, "stop", "--all")
        let value = try JSONSerialization.jsonObject(with: Data(result.out.utf8))
        let top = try #require(value as? [String: Any])
        #expect(result.status == 1 && top["version"] as? Int == 1)
        #expect((top["outcomes"] as? [Any])?.count == 3 && (top["errors"] as? [Any])?.count == 2)
        #expect((top["error"] as? [String: Any])?["exit"] as? Int == 1)
    }

    @Test("Quiet: nothing but an error")
    func quiet() throws {
        #expect(run(try FakeUblkd(devices: [bare]), "status", "--quiet").out == "")
        #expect(run(try FakeUblkd(devices: [bare]), "status", "x", "--quiet").out.contains("no-such-device"))
    }
}
