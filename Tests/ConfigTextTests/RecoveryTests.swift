import ConfigText
import Testing

/// What is read and said after an error.
@Suite struct RecoveryTests {
    private func places(_ text: String) -> [String] {
        parse(text).diagnostics.map { "\($0.position?.line ?? 0):\($0.position?.column ?? 0)" }
    }

    @Test func allLinesWithErrorsAreReported() {
        #expect(places("a = \nb = 1\nc = x\n[d\ne = 2\n= 3\n") == ["1:5", "3:5", "4:3", "6:1"])
    }

    @Test func whatFollowsAnErrorIsRead() {
        let document = parse("a = \nb = 1\n[d\ne = 2\n")
        #expect(document.root["b"]?.value == .integer(1))
        #expect(document.root["a"]?.value == .invalid)
        guard case .table(let table) = document.root["d"]?.value else {
            Issue.record("the table is lost")
            return
        }
        #expect(table["e"]?.value == .integer(2))
    }

    /// An error inside an array speaks for the whole array.
    @Test(arguments: [
        ("a = [\n  1\n  2,\n  3,\n]\nb = 1\nc = !", ["3:3", "7:5"]),
        ("a = [\n  \"x\",\n  y,\n  [z,\n  ],\n]\nb = 1\nc = !", ["3:3", "8:5"]),
        ("a = [x, 1]\nb !\nc = 1", ["1:6", "2:3"]),
        ("a = [\n  1,\n  2,\nb = 1\nc = !", ["1:5", "5:5"]),
        ("a = [\n  1\n\n[b]\nc = !", ["1:5", "5:5"]),
        ("a = [1,\n[b.c]\nc = !", ["1:5", "3:5"]),
        ("a = {b = 1\nc = 2\nd = !", ["1:5", "3:5"]),
        ("a = \"\"\"\nsome text\nmore\nb = 1\nc = !", ["1:5", "5:5"]),
        ("a = [[1,\n", ["1:6"]),
    ])
    func brokenContainersAreReportedOnce(text: String, expected: [String]) {
        #expect(places(text) == expected)
    }

    @Test func aStringIsReadToItsEnd() {
        #expect(places("a = \"\\x \\y\"\nb = \"\"\"\n\\z\n\\w\"\"\"\nc = 1") == ["1:6", "1:9", "3:1", "4:1"])
    }

    @Test func anInlineTableOverLinesIsReadAndReportedOnce() {
        let document = parse("a = {\n  b = 1,\n  # c\n  d = 2,\n}\nc = 3")
        #expect(document.diagnostics.count == 1)
        #expect(json(document).contains(#""d":{"type":"integer","value":"2"}"#))
        #expect(document.root["c"]?.value == .integer(3))
    }

    @Test func aHeaderDefinedTwiceKeepsItsKeysToItself() {
        let document = parse("[a]\nx = 1\n[a]\nx = 2\n[b]\ny = 3")
        #expect(document.diagnostics.count == 1)
        #expect(json(document).contains(#""x":{"type":"integer","value":"1"}"#))
        #expect(json(document).contains(#""y":{"type":"integer","value":"3"}"#))
    }

    @Test func duplicatesNameTheFirstPlace() {
        let document = parse("[a]\nx = 1\n\"x\" = 2\n")
        #expect(document.diagnostics.first?.hint == "the first one is at line 2, column 1")
    }

    @Test func atMostFiftyErrors() {
        #expect(parse(String(repeating: "x\n", count: 1000)).diagnostics.count == 50)
        #expect(parse(String(repeating: "# \u{1}\n", count: 1000)).diagnostics.count == 50)
        let misencoded = [UInt8](repeating: 0xFF, count: 10) + [0x0A]
        let bytes = (0..<100).flatMap { _ in misencoded }
        #expect(TOMLDocument(parsing: bytes, file: "x").diagnostics.count == 50)
    }

    @Test func errorsComeInOrder() {
        var bytes = Array("a = x\nb = \"".utf8)
        bytes += [0xFF] + Array("\"\nc = y\n".utf8)
        let lines = TOMLDocument(parsing: bytes, file: "x").diagnostics.map { $0.position?.line }
        #expect(lines == [1, 2, 3])
    }
}
