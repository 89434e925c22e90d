import StatusWire
import Testing

@testable import ublkctl

@Suite("What the commands ask for, wait for and say")
struct CommandTests {
    private func run(_ server: FakeUblkd, _ arguments: String...) -> Run {
        defer { server.end() }
        return Run(["--socket", server.path, "--timeout", "5s"] + arguments)
    }

    private func outcome(_ name: String, _ outcome: DeviceOutcome.Outcome, _ state: DeviceState)
        -> DeviceOutcome
    {
        DeviceOutcome(name: name, outcome: outcome, state: state)
    }

    @Test("start waits until the device serves")
    func start() throws {
        let server = try FakeUblkd(lists: [
            [Fixtures.device("data", .stopped)], [Fixtures.device("data", .starting)],
            [Fixtures.device("data", .starting)], [Fixtures.device("data", id: 0, .live)],
        ]) { _ in .reply(.start([outcome("data", .accepted, .starting)])) }
        let result = run(server, "start", "data")
        #expect(result.status == 0 && result.out == "data: live\n")
        #expect(server.requests.count == 5 && server.requests[1] == .start(names: ["data"]))
    }

    @Test("start from failed: the old failure does not count, a new one does")
    func startFromFailed() throws {
        let old = Fixtures.device("data", .failed)
        let renewed = Fixtures.device("data", .failed, since: Fixtures.now)
        let accepted = FakeUblkd.Answer.reply(.start([outcome("data", .accepted, .failed)]))
        let good = try FakeUblkd(lists: [[old], [old], [old], [Fixtures.device("data")]]) { _ in accepted }
        #expect(run(good, "start", "data").status == 0)
        let bad = try FakeUblkd(lists: [[old], [old], [renewed]]) { _ in accepted }
        #expect(run(bad, "start", "data").status == 1)
    }

    @Test("--no-wait ends with the acceptance")
    func noWait() throws {
        let server = try FakeUblkd(devices: [Fixtures.device("data", .stopped)]) { _ in
            .reply(.start([outcome("data", .accepted, .starting)]))
        }
        let result = run(server, "start", "data", "--no-wait")
        #expect(result.status == 0 && result.out == "data: starting\n" && server.requests.count == 2)
    }

    @Test("stop waits until it is gone, and passes --force on")
    func stop() throws {
        let server = try FakeUblkd(lists: [
            [Fixtures.device("data", id: 0)], [Fixtures.device("data", .stopping)],
            [Fixtures.device("data", .stopped)],
        ]) { _ in .reply(.stop([outcome("data", .accepted, .stopping)])) }
        let result = run(server, "stop", "--force", "ublkb0")
        #expect(result.status == 0 && result.out == "data: stopped\n")
        #expect(server.requests.contains(.stop(names: ["data"], force: true)))
    }

    @Test("--all means ours: no orphans, no foreign devices; none at all is done")
    func all() throws {
        let devices = [
            Fixtures.device("logs", id: 1), Fixtures.device("data", id: 0),
            Fixtures.device("old", id: 2, owner: .orphan), Fixtures.device("kublk", id: 3, owner: .foreign),
        ]
        let server = try FakeUblkd(devices: devices) { _ in
            .reply(.stop([outcome("data", .done, .stopped), outcome("logs", .unchanged, .stopped)]))
        }
        #expect(run(server, "stop", "--all").out == "data: stopped\nlogs: stopped\n")
        #expect(server.requests.last == .stop(names: ["data", "logs"], force: false))
        #expect(run(try FakeUblkd(devices: []), "stop", "--all").status == 0)
    }

    @Test("recover waits for a recovery that was not there before, not for a state that still is")
    func recover() throws {
        let server = try FakeUblkd(lists: [
            [Fixtures.device("data")], [Fixtures.device("data")], [Fixtures.device("data", .recovering)],
            [Fixtures.device("data", recoveries: 1)],
        ]) { _ in .reply(.recover([outcome("data", .accepted, .recovering)])) }
        #expect(run(server, "recover", "data").status == 0)
        #expect(server.requests.count == 5)
    }

    @Test("recover: an old recovery whose time is only told a little differently is not a new one")
    func recoverSameTime() {
        func device(startedAt: Timestamp, detected: Double?) -> DeviceSummary {
            var device = Fixtures.device("data")
            device.lastRecovery = LastRecovery(
                cause: .stall, scope: .worker, startedAt: startedAt, downtimeSeconds: 1,
                steps: detected.map { RecoverySteps(detected: $0) })
            return device
        }
        let goal = Goal.recovered(queues: [])
        let later = Timestamp(millisecondsSinceEpoch: Fixtures.start.millisecondsSinceEpoch + 1)
        let cases: [(Timestamp, Double?, Double?, Goal.Verdict)] = [
            (later, nil, nil, .notYet), (Fixtures.now, nil, nil, .met), (Fixtures.now, 5, 5, .notYet),
            (later, 5, 6, .met),
        ]
        for (startedAt, old, new, verdict) in cases {
            let before = device(startedAt: Fixtures.start, detected: old)
            #expect(goal.verdict(device(startedAt: startedAt, detected: new), before: before) == verdict)
        }
    }

    @Test("recover of a device that did not serve has done its work when it serves")
    func recoverWithoutDisk() throws {
        let failed = Fixtures.device("data", .failed)
        let server = try FakeUblkd(lists: [
            [failed], [failed], [Fixtures.device("data", .starting)], [Fixtures.device("data", id: 0)],
        ]) { _ in .reply(.recover([outcome("data", .accepted, .failed)])) }
        #expect(run(server, "recover", "data").status == 0)
    }

    /// One that serves; `message`: what a reload left undone.
    private func serving(size: UInt64 = 4096, recoveries: UInt64 = 1, _ message: String = "") -> DeviceSummary
    {
        var device = Fixtures.device("data")
        device.size = size
        device.recoveries = recoveries
        device.message = message
        device.reason = message.isEmpty ? .none : .reloadPending
        return device
    }

    @Test("a larger size is done when the disk has it, and failed when that is said")
    func grown() {
        let cases: [(DeviceSummary, Goal.Verdict)] = [
            (serving(), .notYet), (serving(size: 8192), .met), (serving("queues changed: …"), .notYet),
            (serving("size was not changed: its backend is smaller"), .missed),
        ]
        for (now, verdict) in cases { #expect(Goal.grown.verdict(now, before: serving()) == verdict) }
    }

    @Test("a fresh worker has taken over when the device was recovered, and did not when that is said")
    func replaced() {
        let goal = Goal.replaced(keys: "direct_io")
        let cases: [(DeviceSummary, Goal.Verdict)] = [
            (serving(), .notYet), (serving(recoveries: 2), .met), (serving("queues changed: …"), .notYet),
            (serving("direct_io not applied: no worker could be started"), .missed),
        ]
        for (now, verdict) in cases { #expect(goal.verdict(now, before: serving()) == verdict) }
    }

    @Test("made anew is done when the disk serves with nothing pending, and failed when it stayed")
    func remade() {
        func device(_ state: DeviceState, _ reason: DeviceReason = .none) -> DeviceSummary {
            var device = Fixtures.device("data")
            device.state = state
            device.reason = reason
            return device
        }
        let cases: [(DeviceSummary, Goal.Verdict)] = [
            (device(.stopping), .notYet), (device(.starting), .notYet), (device(.live), .met),
            (device(.live, .reloadPending), .missed),
        ]
        for (now, verdict) in cases {
            #expect(Goal.remade.verdict(now, before: device(.live, .reloadPending)) == verdict)
        }
    }

    @Test("recover --queue waits for those queues")
    func recoverQueues() throws {
        func device(_ counts: [UInt64]) -> DeviceSummary {
            Fixtures.device(
                "data",
                queues: counts.enumerated().map {
                    QueueSummary(index: $0.offset, state: .serving, recoveries: $0.element)
                })
        }
        let server = try FakeUblkd(lists: [
            [device([0, 0, 0])], [device([0, 5, 0])], [device([1, 5, 0])], [device([1, 5, 1])],
        ]) { _ in .reply(.recover([outcome("data", .accepted, .live)])) }
        #expect(run(server, "recover", "data", "--queue", "0", "2").status == 0)
        #expect(server.requests[1] == .recover(name: "data", queues: [0, 2]) && server.requests.count == 5)
    }

    @Test("A message beside success is passed on")
    func message() throws {
        let note = "nothing to rebuild for 'null'; its bookkeeping was restarted"
        let server = try FakeUblkd(devices: [Fixtures.device("data")]) { _ in
            .reply(
                .recover([DeviceOutcome(name: "data", outcome: .done, state: .live, message: note)]))
        }
        #expect(run(server, "recover", "data").out == "data: live: \(note)\n")
    }

    @Test("wait: any state, several devices, and absent for what is not known")
    func wait() throws {
        let server = try FakeUblkd(lists: [
            [Fixtures.device("a"), Fixtures.device("b", .starting)],
            [Fixtures.device("a"), Fixtures.device("b")],
        ])
        let result = run(server, "wait", "b", "a", "b")
        #expect(result.status == 0 && result.out == "b: live\na: live\n")

        let gone = try FakeUblkd(lists: [[Fixtures.device("a", .stopping)], []])
        #expect(run(gone, "wait", "a", "--state", "absent").out == "a: absent\n")
        #expect(run(try FakeUblkd(devices: []), "wait", "a", "--state", "absent").status == 0)
        let failed = try FakeUblkd(devices: [Fixtures.device("a", .failed)])
        #expect(run(failed, "wait", "a", "--state", "failed").status == 0)
    }

    @Test("wait does not end at a failure: it may pass; but a device that goes is the end")
    func waitThroughFailure() throws {
        let passing = try FakeUblkd(lists: [
            [Fixtures.device("a", .failed)], [Fixtures.device("a", .failed)], [Fixtures.device("a")],
        ])
        #expect(run(passing, "wait", "a").status == 0)
        let going = try FakeUblkd(lists: [[Fixtures.device("a", .failed)], []])
        #expect(run(going, "wait", "a").status == 4)
    }

    @Test("wait --no-wait looks once")
    func waitOnce() throws {
        let failed = try FakeUblkd(devices: [Fixtures.device("a", .failed)])
        #expect(run(failed, "wait", "a", "--no-wait").status == 1)
        #expect(run(try FakeUblkd(devices: [Fixtures.device("a")]), "wait", "a", "--no-wait").status == 0)
    }

    @Test("wait goes on through a restart of ublkd")
    func waitThroughRestart() throws {
        let asked = Box(0)
        let server = try FakeUblkd { _ in
            switch asked.next() {
            case 0: .reply(.list([Fixtures.device("a", .recovering)]))
            case 1, 2: .hangUp
            default: .reply(.list([Fixtures.device("a")]))
            }
        }
        #expect(run(server, "wait", "a").status == 0)
    }

    @Test(
        "reload: what is accepted is waited for; what is pending is none the worse, unless --recreate named it"
    )
    func reload() throws {
        let outcomes = [
            ReloadOutcome(name: "gone", changeClass: .remove, action: .stop, outcome: .accepted),
            ReloadOutcome(name: "new", changeClass: .add, action: .start, outcome: .accepted),
            ReloadOutcome(
                name: "old", changeClass: .recreate, action: .none, outcome: .pending, reason: "queues differ"
            ),
        ]
        let lists = [
            [Fixtures.device("gone"), Fixtures.device("old")],
            [
                Fixtures.device("gone", .pendingRemoval), Fixtures.device("new", .starting),
                Fixtures.device("old"),
            ],
            [Fixtures.device("gone", .pendingRemoval), Fixtures.device("new"), Fixtures.device("old")],
        ]
        let result = run(try FakeUblkd(lists: lists) { _ in .reply(.reload(outcomes)) }, "reload")
        #expect(result.status == 0)
        #expect(
            result.out == """
                NAME  CLASS     ACTION  OUTCOME  REASON
                gone  remove    stop    pending  -
                new   add       start   done     -
                old   recreate  none    pending  queues differ

                """)

        let server = try FakeUblkd(lists: lists) { _ in .reply(.reload(outcomes)) }
        let named = run(server, "reload", "--recreate", "old", "gone")
        #expect(named.status == 5 && named.error == "ublkctl: reload old: pending: queues differ\n")
        #expect(server.requests.contains(.reload(recreate: ["old", "gone"])))

        let nothing = run(try FakeUblkd(devices: []) { _ in .reply(.reload([])) }, "reload")
        #expect(nothing.status == 0 && nothing.out == "nothing to do: the devices are as configured\n")
    }

    @Test("--quiet says nothing but errors")
    func quiet() throws {
        let devices = [Fixtures.device("data")]
        #expect(run(try FakeUblkd(devices: devices), "--quiet", "status").out == "")
        let failed = run(try FakeUblkd(devices: devices), "status", "nope", "--quiet")
        #expect(failed.status == 4 && !failed.error.isEmpty)
    }

    @Test("A large answer arrives whole")
    func large() throws {
        let queues = (0..<64).map { QueueSummary(index: $0, state: .serving) }
        let devices = (0..<500).map { Fixtures.device("device-\(10_000 + $0)", id: $0, queues: queues) }
        let result = run(try FakeUblkd(devices: devices), "list")
        #expect(result.status == 0 && result.out.split(separator: "\n").count == 500)
    }

    @Test("Global options stand before the command and after it")
    func optionsAnywhere() throws {
        for place in 0...1 {
            let server = try FakeUblkd(devices: [Fixtures.device("data")])
            defer { server.end() }
            var arguments = ["list"]
            arguments.insert(contentsOf: ["--json", "--socket", server.path], at: place)
            #expect(Run(arguments).out == #"{"names":["data"],"version":1}"# + "\n")
        }
    }

    @Test("Help and version")
    func help() {
        #expect(Run(["--version"]).out.hasPrefix("ublkctl "))
        for verb in [
            "status", "list", "show", "plan", "reload", "start", "stop", "restart", "recover", "upgrade",
            "wait", "events", "check", "cleanup",
        ] {
            let help = Run([verb, "--help"], columns: 80)
            #expect(help.status == 0 && help.out.contains("USAGE: ublkctl \(verb)"))
            #expect(help.out.contains("--socket <path>") && help.out.contains("--timeout <time>"))
            #expect(Run(["--help"]).out.contains("  \(verb) "))
        }
    }
}
