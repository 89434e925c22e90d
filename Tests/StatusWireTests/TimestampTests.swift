import StatusWire
import Testing

@Suite("Times on the wire")
struct TimestampTests {
    @Test(
        "Known moments",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, 1_000_000, "2000-02-29T00:00:00.001Z"),
            (951_868_799, 999_999_999, "2000-02-29T23:59:59.999Z"),
            (1_709_251_199, 0, "2024-02-29T23:59:59.000Z"),
            (1_709_251_200, 0, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
            (-1, 0, "1969-12-31T23:59:59.000Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00.000Z"),
            (Int64.max, 0, "9999-12-31T23:59:59.000Z"),
            (Int64.min, 0, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, Int64, String)])
    func known(seconds: Int64, nanoseconds: Int64, text: String) {
        let value = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        #expect(value.description == text)
        #expect(Timestamp(text) == value)
    }

    @Test("Days of 400 years are written and read back")
    func days() {
        var previous = ""
        for day in stride(from: Int64(-80_000), to: 66_097, by: 5) {
            let value = Timestamp(seconds: day * 86_400 + 12_345, nanoseconds: 6_000_000)
            let text = value.description
            #expect(Timestamp(text) == value && text > previous && text.utf8.count == 24)
            previous = text
        }
    }

    @Test(
        "What is no such time is refused",
        arguments: [
            "", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+01:00",
            "2024-01-01T00:00:00.12x4567Z", "2024-01-01T00:00:00,5Z", "aaaa-01-01T00:00:00Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("Other writers' precision is taken")
    func precision() {
        #expect(Timestamp("1970-01-01T00:00:01Z")?.millisecondsSinceEpoch == 1000)
        #expect(Timestamp("1970-01-01T00:00:01.5Z")?.millisecondsSinceEpoch == 1500)
        #expect(Timestamp("1970-01-01T00:00:01.123456789Z")?.millisecondsSinceEpoch == 1123)
    }

    @Test("The span between two moments")
    func span() {
        let start = Timestamp(seconds: 10)
        #expect(Timestamp(seconds: 11, nanoseconds: 500_000_000).seconds(since: start) == 1.5)
        #expect(start < Timestamp(seconds: 11))
    }
}
