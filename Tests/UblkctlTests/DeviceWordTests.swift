import StatusWire
import Testing

@testable import ublkctl

@Suite("What a user may call a device")
struct DeviceWordTests {
    private let devices = [
        Fixtures.device("data", id: 3), Fixtures.device("7", id: 0), Fixtures.device("logs", id: 7),
        Fixtures.device("idle"),
    ]

    private func find(_ word: String, link: String? = nil) -> String? {
        DeviceWord.find(word, in: devices, followingLinks: { $0 == word ? link : nil })?.name
    }

    @Test(
        "Names, numbers, nodes",
        arguments: [
            ("data", "data"), ("3", "data"), ("ublkb3", "data"), ("03", "data"), ("7", "7"),
            ("ublkb7", "logs"),
            ("0", "7"), ("idle", "idle"), ("Data", nil), ("4", nil), ("ublkb", nil), ("ublkbx", nil),
            ("ublkc3", nil), ("", nil), ("-3", nil), ("99999999999999999999", nil), ("dat", nil),
        ] as [(String, String?)])
    func words(word: String, name: String?) {
        #expect(find(word) == name)
    }

    @Test("Paths are followed to their node; a link of ours tells the name even when it leads nowhere")
    func paths() {
        #expect(find("/dev/ublkb3", link: "/dev/ublkb3") == "data")
        #expect(find("/dev/ublk/by-name/logs", link: "/dev/ublkb7") == "logs")
        #expect(find("../dev/disk/by-uuid/1", link: "/dev/ublkb3") == "data")
        #expect(find("/dev/ublk/by-name/idle") == "idle")
        #expect(find("/dev/sda", link: "/dev/sda") == nil)
        #expect(find("/srv/ublkb3", link: "/srv/ublkb3") == nil)
        #expect(find("/dev/ublk/by-name/nope") == nil)
    }

    @Test("Each device once, in the order asked for; the first unknown word is named")
    func resolve() throws {
        #expect(
            try DeviceWord.resolve(["7", "data", "3", "ublkb0"], in: devices).map(\.name) == ["7", "data"])
        #expect(
            throws: Failure(
                .noSuchDevice, "no such device: 'x'; there are data, 7, logs, idle", device: "x")
        ) { try DeviceWord.resolve(["data", "x", "y"], in: devices) }
    }
}
