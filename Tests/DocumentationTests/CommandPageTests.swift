import ArgumentParser
import Foundation
import StatusWire
import Testing

@testable import ublkctl

@Suite("ublkctl(1) and the completions against the program")
struct CommandPageTests {
    private let page: ManualPage
    private let root: Command
    private static let universal: Set<String> = ["help", "version"]

    init() throws {
        page = try ManualPage("doc/man/ublkctl.1")
        root = try JSONDecoder().decode(Dump.self, from: Data(Ublkctl._dumpHelp().utf8)).command
    }

    @Test("Every verb, and no other")
    func verbs() {
        #expect(Set(page.words("Ic", in: "VERBS")) == Set(root.verbs.map(\.commandName) + ["help"]))
        #expect(page.words("Ic", in: "VERBS").count == root.verbs.count + 1)
    }

    @Test("Every option stands with its verb, and no other")
    func options() throws {
        let global = root.options
        #expect(
            Set(page.words("Fl", in: "GLOBAL OPTIONS").map { String($0.dropFirst()) })
                == global.union(Self.universal))
        var all = global.union(Self.universal)
        for verb in root.verbs {
            let own = verb.options.subtracting(global).subtracting(Self.universal)
            let item = try #require(page.items.first { $0.macro == "Ic" && $0.word == verb.commandName })
            let named = ManualPage.options(in: item.lines)
            #expect(named.isSuperset(of: own), "\(verb.commandName) lacks \(own.subtracting(named))")
            #expect(
                ManualPage.options(in: [item.lines[0]]).isSubset(of: own), "the head of \(verb.commandName)")
            all.formUnion(own)
        }
        #expect(ManualPage.options(in: page.lines) == all)
    }

    @Test("Every help has an example or is plain without one; no verb is without a help")
    func help() {
        for verb in root.verbs { #expect(verb.discussion?.isEmpty == false, "\(verb.commandName)") }
    }

    @Test("Every state, reason, class, kind of event and status, and no other")
    func words() {
        #expect(Set(page.words("Li", in: "STATES")) == Set(DeviceState.allCases.map(\.rawValue)))
        #expect(Set(page.words("Li", in: "REASONS")) == Set(DeviceReason.allCases.map(\.rawValue)))
        #expect(Set(page.words("Li", in: "RELOAD")) == Set(ReloadOutcome.Class.allCases.map(\.rawValue)))
        #expect(Set(page.words("Li", in: "EVENTS")) == Set(EventRecord.Kind.allCases.map(\.rawValue)))
        let statuses = ["0"] + Failure.Kind.allCases.map { String($0.exitStatus) }
        #expect(page.words("Li", in: "EXIT STATUS").sorted() == statuses.sorted())
        let text = page.lines.joined(separator: " ")
        for word in QueueState.allCases.map(\.rawValue) + RecoveryScope.allCases.map(\.rawValue) {
            #expect(text.contains(word), "\(word)")
        }
        let causes: [RecoveryCause] = [.stall, .threadEnded, .operator, .upgrade, .unknown]
        for word in causes.map(\.rawValue) + ["exit:N", "signal:N"] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test("The examples of page and help can be typed")
    func examples() throws {
        var lines = page.lines.filter { $0.hasPrefix(".Dl ") }.map { String($0.dropFirst(4)) }
        for verb in root.verbs {
            lines += (verb.discussion ?? "").split(separator: "\n").map { $0.drop { $0 == " " } }
                .filter { $0.hasPrefix("ublkctl ") }.map(String.init)
        }
        #expect(lines.count > 8)
        for line in lines {
            for part in line.components(separatedBy: " && ") where part.hasPrefix("ublkctl ") {
                let words = part.components(separatedBy: " | ")[0].split(separator: " ").dropFirst()
                #expect(throws: Never.self, "\(part)") { try Ublkctl.parseAsRoot(words.map(String.init)) }
            }
        }
    }

    /// With UBLKD_RECORD=1 in the environment they are written instead of compared.
    @Test("The completions are those of the program", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let wanted = Ublkctl.completionScript(for: try #require(CompletionShell(rawValue: shell)))
        let file = "doc/completions/ublkctl.\(shell)"
        if ProcessInfo.processInfo.environment["UBLKD_RECORD"] == "1" {
            try Data((wanted + "\n").utf8).write(to: repository.appendingPathComponent(file))
        }
        #expect(
            try text(of: file) == wanted + "\n",
            "stale: ublkctl --generate-completion-script \(shell) >\(file)")
    }

    private struct Dump: Decodable { let command: Command }

    /// A command as swift-argument-parser describes it.
    struct Command: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String
            }
            let kind: String
            let names: [Name]?
            let shouldDisplay: Bool
        }
        let commandName: String
        let discussion: String?
        let arguments: [Argument]?
        let subcommands: [Command]?

        /// Without `help`, which the parser adds.
        var verbs: [Command] { (subcommands ?? []).filter { $0.commandName != "help" } }

        var options: Set<String> {
            let shown = (arguments ?? []).filter { $0.kind != "positional" && $0.shouldDisplay }
            return Set(shown.flatMap { ($0.names ?? []).filter { $0.kind == "long" }.map(\.name) })
        }
    }
}
