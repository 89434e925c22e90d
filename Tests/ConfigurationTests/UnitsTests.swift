import Configuration
import Testing

@Suite struct UnitsTests {
    @Test(
        arguments: [
            ("0s", 0), ("250ms", 250), ("10s", 10_000), ("5min", 300_000), ("1h", 3_600_000),
            ("1500ms", 1500),
            ("90s", 90_000),
        ] as [(String, UInt64)])
    func durations(text: String, milliseconds: UInt64) {
        #expect(Milliseconds(parsing: text)?.rawValue == milliseconds)
        #expect(Milliseconds(rawValue: milliseconds).description == text)
    }

    @Test(arguments: [
        "", "s", "5", "5 s", "5S", "-5s", "+5s", "1.5s", "5m", "off", "18446744073709551616ms",
        "18446744073709551615s",
    ])
    func noDurations(text: String) { #expect(Milliseconds(parsing: text) == nil) }

    @Test(
        arguments: [
            ("1KiB", 1 << 10), ("512KiB", 512 << 10), ("3MiB", 3 << 20), ("10GiB", 10 << 30),
            ("2TiB", 2 << 40),
        ] as [(String, UInt64)])
    func sizes(text: String, bytes: UInt64) {
        #expect(ByteSize.parse(text) == bytes)
        #expect(ByteSize.parse(text.replacing("iB", with: "")) == bytes)
        #expect(ByteSize.format(bytes) == text)
    }

    @Test(arguments: ["", "K", "1", "1KB", "1k", "1 K", "-1K", "1.5K", "1KiBK", "8388608T"])
    func noSizes(text: String) { #expect(ByteSize.parse(text) == nil) }

    @Test func largestSize() { #expect(ByteSize.parse("8388607T") == 8_388_607 << 40) }
}
