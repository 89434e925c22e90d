import ConfigText
import Configuration
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

/// `config/ublkd.toml` is what people start from: it is right and it is complete.
@Suite struct ExampleTests {
    private func example() throws -> String {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try Data(contentsOf: URL(filePath: "/\(path)/config/ublkd.toml"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Keys and headers that are commented out, made active.
    private func activated() throws -> String {
        let lines = try example().split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            let rest = line.dropFirst()
            let isKey =
                rest.first?.isLowercase == true && rest.prefix { $0.isLetter || $0 == "_" }.count > 1
                && rest.drop { $0.isLetter || $0 == "_" }.hasPrefix(" = ")
            return String(line.hasPrefix("#") && (isKey || rest.hasPrefix("[device.")) ? rest : line)
        }.joined(separator: "\n")
    }

    @Test func asInstalledItChangesNothing() throws {
        #expect(try configuration(try example()) == HostConfiguration())
        #expect(checked(try example()).diagnostics.isEmpty)
    }

    @Test func itsDevicesAreFine() throws {
        let devices = try configuration(try activated()).devices
        #expect(devices.map(\.targetName) == ["file", "file", "memory", "null", "fault"])
    }

    @Test func itShowsTheDefaults() throws {
        let lines = try activated().split(separator: "\n[device.")
        let host = try configuration(lines[0] + "\n[device.d]\ntarget = \"null\"\nsize = 512")
        var expected = DeviceConfiguration(name: "d", target: .null)
        expected.size = 512
        #expect(host == HostConfiguration(devices: [expected]))
    }

    @Test func itHasEveryKey() throws {
        let text = try activated().split(separator: "\n").map { $0.prefix { $0 != " " } }
        var device = DeviceConfiguration(name: "d", target: .file(path: "/d"))
        (device.id, device.size, device.blockSize, device.cpus) = (1, 512, 512, [[0]])
        var trial = device
        (trial.name, trial.faults) = ("f", FaultConfiguration())
        let keys = serialize(HostConfiguration(devices: [device, trial])).split(separator: "\n")
            .filter { $0.contains(" = ") }.map { $0.prefix { $0 != " " } }
        #expect(Set(keys).count == 39)
        for key in keys { #expect(text.contains(key), "\(key) is not in config/ublkd.toml") }
    }
}
