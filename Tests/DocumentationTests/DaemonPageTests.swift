import ConfigText
import Foundation
import Testing

@testable import Configuration
@testable import ublkd

@Suite("ublkd(8), ublkd.toml(5) and the migration table against the code")
struct DaemonPageTests {
    private let settings: ManualPage
    private let daemon: ManualPage

    init() throws {
        settings = try ManualPage("doc/man/ublkd.toml.5")
        daemon = try ManualPage("doc/man/ublkd.8")
    }

    @Test("Every key in its order, and no other")
    func keys() {
        #expect(settings.words("Ic", in: "DEVICES") == DeviceKey.allCases.map(\.rawValue))
        #expect(settings.words("Ic", in: "THE DAEMON TABLE") == DaemonKey.allCases.map(\.rawValue))
    }

    @Test("Every default is the one in force; the keys without one are those that have none")
    func defaults() throws {
        let bare = settings.items.filter { $0.macro == "Ic" && $0.value == nil }.map(\.word)
        #expect(bare == ["target", "path", "base", "id", "size", "block_size", "cpus"])
        var text = ""
        for (section, header) in [
            ("THE DAEMON TABLE", "[daemon]"), ("DEVICES", "[device.d]\ntarget = \"file\"\npath = \"/d\""),
            ("DEVICES", "[device.f]\ntarget = \"fault\"\nbase = { target = \"file\", path = \"/f\" }"),
        ] {
            text += header + "\n"
            for item in settings.items where item.section == section && item.macro == "Ic" {
                let key = DeviceKey(rawValue: item.word)
                let fits =
                    key?.fits(target: header.contains("fault") ? "fault" : "file", backend: "file") ?? true
                if let value = item.value, fits { text += "\(item.word) = \(value)\n" }
            }
        }
        let result = check(
            sources: [("page", Array(text.utf8))], hostFacts: HostFacts(cpuCount: 64))
        var trial = DeviceConfiguration(name: "f", target: .file(path: "/f"))
        trial.faults = FaultConfiguration()
        let plain = HostConfiguration(
            devices: [DeviceConfiguration(name: "d", target: .file(path: "/d")), trial])
        #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map { $0.rendered() })")
        #expect(result.configuration == plain)
    }

    @Test("Every word that a key can have, and no other")
    func words() {
        let known =
            TargetName.allCases.map(\.rawValue) + IOMode.allCases.map(\.rawValue)
            + RecoveryMode.allCases.map(\.rawValue) + OnGiveUp.allCases.map(\.rawValue)
        #expect(settings.words("Li", in: "DEVICES").sorted() == known.sorted())
    }

    @Test("What a reload can do without making the disk anew is said of the right keys")
    func reloadClasses() throws {
        let page = settings.lines.drop { $0 != ".Sh RELOAD" }.joined(separator: " ")
        let parts = page.components(separatedBy: ".It Sy ")
        let live = try #require(parts.first { $0.hasPrefix("live") })
        let worker = try #require(parts.first { $0.hasPrefix("worker") })
        func names(_ part: String, _ key: DeviceKey) -> Bool {
            part.split { !$0.isLetter && $0 != "_" }.contains { $0 == key.rawValue }
        }
        let liveKeys: Set<DeviceKey> = [
            .autostart, .size, .create, .owner, .group, .mode, .cpus, .restartDelay, .restartDelayMax,
            .restartBurst, .restartInterval, .onGiveUp, .stallTimeout, .requestTimeout,
        ]
        #expect(Set(DeviceKey.allCases.filter { names(live, $0) }) == liveKeys)
        let workerKeys: Set<DeviceKey> = [
            .directIO, .lockMemory, .delay, .errorRate, .hangEvery, .path, .base,
        ]
        #expect(Set(DeviceKey.allCases.filter { names(worker, $0) }) == workerKeys)
    }

    @Test("Every option of ublkd with its default, and no other")
    func options() {
        let help = Options.help.split { !$0.isLetter && $0 != "-" }.filter { $0.hasPrefix("--") }
        let known = Set(help.map { String($0.dropFirst(2)) })
        #expect(Set(daemon.words("Fl", in: "OPTIONS").map { String($0.dropFirst()) }) == known)
        #expect(ManualPage.options(in: daemon.lines) == known)
        let text = daemon.lines.joined(separator: " ")
        let plain = Options()
        for path in [plain.config, plain.runtimeDirectory, plain.worker] { #expect(text.contains(path)) }
    }

    @Test("Statuses and signals")
    func statuses() throws {
        #expect(daemon.words("Li", in: "EXIT STATUS") == ["0", "2", "69", "70", "75", "78"])
        #expect(daemon.words("Li", in: "SIGNALS") == ["SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1"])
        let unit = try text(of: "deploy/systemd/ublkd.service")
        #expect(unit.contains("RestartPreventExitStatus=69 75 78\n"))
    }

    @Test(
        "What has to be said is said",
        arguments: [
            "/dev/ublk/by-name/data /data ext4 nofail,x-systemd.after=ublkd.service 0 2",
            "Mainline ublk recovers devices, not single queues", "requests can run twice",
            "runs on the host, not in a container",
        ])
    func said(sentence: String) {
        #expect(daemon.lines.joined(separator: " ").contains(sentence))
    }

    @Test("The migration table names keys that there are, and its examples are valid")
    func migration() throws {
        let page = try text(of: "doc/migration.md")
        let keys = Set(DeviceKey.allCases.map(\.rawValue))
        var named: Set<String> = []
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            for code in (cells.dropFirst(2).first ?? "").split(separator: "`").enumerated()
            where code.offset % 2 == 1 && code.element.contains(" = ") {
                named.insert(String(code.element.prefix { $0 != " " }))
            }
        }
        #expect(named.count > 8 && named.subtracting(keys).isEmpty, "\(named.subtracting(keys))")

        let examples = page.components(separatedBy: "```toml\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
        #expect(!examples.isEmpty)
        for example in examples {
            let result = check(
                sources: [("migration.md", Array(example.utf8))], hostFacts: HostFacts(cpuCount: 64))
            #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map { $0.rendered() })")
        }
    }
}
