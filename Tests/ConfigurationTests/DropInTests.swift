import ConfigText
import Configuration
import Testing

/// `devices.d/*.toml` beside the main file.
@Suite struct DropInTests {
    private static let device = "target = \"null\"\nsize = 512\n"

    @Test func devicesComeInTheOrderOfTheFiles() throws {
        let host = try configuration(
            "[device.z]\n\(Self.device)[defaults]\nqueue_depth = 7\n",
            dropIns: [("d/1.toml", "[device.y]\n\(Self.device)"), ("d/2.toml", "[device.a]\n\(Self.device)")])
        #expect(host.devices.map(\.name) == ["z", "y", "a"])
        #expect(host.devices.allSatisfy { $0.queueDepth == 7 })
    }

    @Test func nothingButDevices() {
        let found = errors(
            "", dropIns: [("d/1.toml", "x-mine = 1\n[daemon]\n[defaults]\nqueues = 1\n[other]\n")])
        #expect(
            found == [
                "d/1.toml:2:1 `[daemon]` cannot stand in a drop-in, which holds `[device.NAME]` only",
                "d/1.toml:3:1 `[defaults]` cannot stand in a drop-in, which holds `[device.NAME]` only",
                "d/1.toml:5:2 unknown section `other`",
            ])
    }

    @Test func aDeviceNamedTwiceNamesBothPlaces() {
        let result = checked(
            "\n[device.a]\n\(Self.device)", dropIns: [("d/1.toml", "# c\n\n  [device.a]\n\(Self.device)")])
        #expect(
            result.diagnostics.map { $0.rendered() } == [
                """
                d/1.toml:3:3: error: device `a` is defined twice
                    3 |   [device.a]
                      |   ^^^^^^^^^^
                      = the first one is at ublkd.toml:2:9
                """
            ])
    }

    @Test func aDeviceNamedTwiceInOneFileNamesBothPlaces() {
        let result = checked("[device.a]\n\(Self.device)[device.a]\n\(Self.device)")
        #expect(
            result.diagnostics.map { $0.headline } == ["ublkd.toml:4:1: error: table `a` is defined twice"])
        #expect(result.diagnostics.first?.hint == "the first one is at line 1, column 1")
    }

    @Test func idsAndPathsAreUniqueAcrossFiles() {
        let file = "target = \"file\"\npath = \"/x\"\nid = 1\n"
        let found = errors("[device.a]\n\(file)", dropIns: [("d/1.toml", "[device.b]\n\(file)")])
        #expect(
            found == [
                "d/1.toml:3:8 this path is opened for writing by device `a` already",
                "d/1.toml:4:6 id 1 is taken by device `a`",
            ])
    }
}
