import ConfigText
import Configuration
import Testing

/// Everything that is wrong is told at once, each with line, column and caret.
@Suite struct AllErrorsAtOnceTests {
    @Test func twoSyntaxAndThreeSchemaErrorsAreFive() {
        let result = checked(
            """
            [daemon]
            control_timeout = 5s
            spare_worker = 2

            [device.data]
            target = "file"
            path = "/srv/data.img
            size = "10GB"
            queues = 100
            """)
        guard case .invalid(let problems) = result else {
            Issue.record("accepted")
            return
        }
        #expect(
            problems.map { $0.rendered() } == [
                """
                ublkd.toml:2:19: error: `5s` is not a number, a date or a time
                    2 | control_timeout = 5s
                      |                   ^^
                      = a string needs quotes
                """,
                """
                ublkd.toml:3:1: error: unknown key `spare_worker` in [daemon]
                    3 | spare_worker = 2
                      | ^^^^^^^^^^^^
                      = did you mean `spare_workers`?
                """,
                """
                ublkd.toml:7:8: error: this string is not closed on its line
                    7 | path = "/srv/data.img
                      |        ^
                      = close it with ", or use \"\"\" for text of several lines
                """,
                """
                ublkd.toml:8:8: error: `10GB` is not a size
                    8 | size = "10GB"
                      |        ^^^^^^
                      = a size is a number of bytes, or a string like "512KiB", "10GiB" (K, M, G, T)
                """,
                """
                ublkd.toml:9:10: error: `queues` must be from 1 to 64, not 100
                    9 | queues = 100
                      |          ^^^
                """,
            ])
    }

    /// What a syntax error swallowed is not reported as missing, too.
    @Test func anUnreadableLineIsNotAMissingKey() {
        #expect(
            errors("[device.a]\ntarget = \"null\"\nsize \"1GiB\"\n[device.b]\ntarget = \"null\"\n").map {
                $0.split(separator: " ")[0]
            } == ["3:6", "4:1"])
    }

    @Test func filesComeInTheirOrder() {
        let found = errors(
            "[device.a]\ntarget = \"x\"\n",
            dropIns: [("d/1.toml", "[device.b]\ntarget = \"y\"\n"), ("d/2.toml", "[device.c\n")])
        #expect(
            found
                == [
                    "2:10 unknown target `x`", "d/1.toml:2:10 unknown target `y`",
                    "d/2.toml:1:10 expected `]` after the name of the table, found the end of the line",
                ].sorted { Self.place($0) < Self.place($1) })
    }

    private static func place(_ error: String) -> (String, Int) {
        let file = error.hasPrefix("d/") ? String(error.prefix(8)) : ""
        let column = error.split(separator: " ")[0].split(separator: ":").last.flatMap { Int($0) } ?? 0
        return (file, column)
    }
}
