import Foundation
import Testing

@testable import ublkctl

/// `ublkctl check`, as a user runs it.
@Suite("Check") struct CheckTests {
    private let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("ublkctl-check-\(UUID().uuidString)")
    private var main: String { directory.appendingPathComponent("ublkd.toml").path }

    private func write(_ text: String, _ name: String = "ublkd.toml", mode: Int = 0o644) throws {
        let path = directory.appendingPathComponent(name)
        let folder = path.deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try Data(text.utf8).write(to: path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.path)
    }

    private func check(_ arguments: String...) -> Run {
        defer { try? FileManager.default.removeItem(at: directory) }
        return Run(["check", main] + arguments)
    }

    private static let device = "[device.d]\ntarget = \"null\"\nsize = 512\n"

    @Test("0: one line")
    func fine() throws {
        try write(Self.device)
        try write("[device.e]\ntarget = \"memory\"\nsize = \"1MiB\"\n", "devices.d/e.toml")
        let result = check()
        #expect(result.status == 0 && result.error == "")
        #expect(result.out == "\(main): 2 devices, no error\n")
    }

    @Test("--quiet: nothing but errors")
    func quiet() throws {
        try write("[defaults]\nqueues = 64\n\(Self.device)")
        let result = check("--quiet")
        #expect(result.status == 0 && result.out == "" && result.error == "")
    }

    @Test("78: each error with its line")
    func errors() throws {
        try write("[device.d]\ntarget = \"nul\"\nqueues =\n")
        try write("[daemon]\n", "devices.d/e.toml")
        let result = check("--quiet")
        #expect(result.status == 78 && result.out == "")
        #expect(
            result.error == """
                \(main):2:10: error: unknown target `nul`
                    2 | target = "nul"
                      |          ^^^^^
                      = did you mean "null"? Targets are "null", "memory", "file", "fault"
                \(main):3:9: error: expected a value, found the end of the line
                    3 | queues =
                      |         ^
                \(directory.path)/devices.d/e.toml:1:1: error: `[daemon]` cannot stand in a drop-in, which holds \
                `[device.NAME]` only
                    1 | [daemon]
                      | ^^^^^^^^
                      = put it into \(main)
                ublkctl: check \(main): 3 errors

                """)
    }

    @Test("78: a file that cannot be read, or that others may write")
    func unreadable() throws {
        try write(Self.device, mode: 0o666)
        let result = check()
        #expect(result.status == 78)
        #expect(result.error.hasPrefix("\(main): error: can be written by everybody: not used\n"))
        #expect(Run(["check", "/nonexistent/ublkd.toml"]).status == 78)
    }

    @Test("--json: fine and not fine")
    func json() throws {
        try write(Self.device)
        #expect(check("--json").out == "{\"ok\":true,\"problems\":[],\"version\":1}\n")
        try write("[device.d]\ntarget = \"null\"\nsize = 512\nqueus = 1\n")
        let result = check("--json")
        #expect(result.status == 78 && result.error == "")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
        #expect(object["ok"] as? Bool == false && object["version"] as? Int == 1)
        let problem = try #require((object["problems"] as? [[String: Any]])?.first)
        #expect(problem["file"] as? String == main && problem["severity"] as? String == "error")
        #expect(problem["line"] as? Int == 4 && problem["column"] as? Int == 1)
        #expect(problem["hint"] as? String == "did you mean `queues`?")
        #expect(problem["message"] as? String == "unknown key `queus` in a device")
    }

    @Test("--syntax: the grammar alone, for conformance tests")
    func syntax() throws {
        try write("a = 1\n")
        #expect(check("--syntax").out == "\(main): valid TOML 1.0\n")
        try write("a = 1\n")
        let tagged = check("--syntax", "--json")
        #expect(tagged.status == 0)
        #expect(tagged.out == "{\"a\":{\"type\":\"integer\",\"value\":\"1\"}}\n")
        try write("a = \n")
        let broken = check("--syntax", "--json")
        #expect(broken.status == 1 && broken.out != tagged.out)
        #expect(broken.error.hasPrefix("\(main):1:5: error: expected a value"))
    }

    @Test("2: wrong usage")
    func usage() { #expect(Run(["check", "a", "b"]).status == 2) }
}
