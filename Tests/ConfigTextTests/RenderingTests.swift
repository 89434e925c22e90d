import ConfigText
import Testing

/// What a person sees of a diagnostic.
@Suite struct RenderingTests {
    private func rendered(_ text: String) -> [String] { parse(text).diagnostics.map { $0.rendered() } }

    @Test func theLineTheCaretAndTheHint() {
        #expect(
            rendered("a = 1\nport = yes # really\n") == [
                """
                test.toml:2:8: error: `yes` is not a value
                    2 | port = yes # really
                      |        ^^^
                      = a boolean is `true` or `false`
                """
            ])
    }

    @Test func tabsAndWideCharactersDoNotMisplaceTheCaret() {
        #expect(
            rendered("\t\"日本\" =\t\"e\u{301}😀\" !\n") == [
                """
                test.toml:1:15: error: expected the end of the line, found `!`
                    1 |     "日本" =    "e\u{301}😀" !
                      |                       ^
                      = each `key = value` is on a line of its own
                """
            ])
    }

    @Test func somethingMissingIsMarkedBehindTheLine() {
        #expect(
            rendered("a =") == [
                """
                test.toml:1:4: error: expected a value, found the end of the file
                    1 | a =
                      |    ^
                """
            ])
    }

    @Test func controlCharactersAreShownAsSymbols() {
        #expect(
            rendered("a = \"x\u{1B}[31m\u{202E}\" \u{0}") == [
                """
                test.toml:1:7: error: the control character U+001B is not allowed in a string
                    1 | a = "x␛[31m\u{FFFD}" ␀
                      |       ^
                      = in a "basic" string it can be written as an escape
                """,
                """
                test.toml:1:15: error: expected the end of the line, found the control character U+0000
                    1 | a = "x␛[31m\u{FFFD}" ␀
                      |               ^
                      = each `key = value` is on a line of its own
                """,
            ])
    }

    @Test func longLinesAreCutAroundTheCaret() throws {
        let text =
            "a = \"" + String(repeating: "x", count: 5000) + "\\q" + String(repeating: "y", count: 5000)
            + "\""
        let lines = try #require(rendered(text).first).split(separator: "\n")
        #expect(lines[0] == "test.toml:1:5006: error: `\\q` is not an escape")
        #expect(lines[1].count <= 8 + 102)
        #expect(lines[1].hasPrefix("    1 | …xxx") && lines[1].hasSuffix("yyy…"))
        let caret = try #require(lines[2].firstIndex(of: "^"))
        let column = lines[2].distance(from: lines[2].startIndex, to: caret)
        #expect(lines[1].dropFirst(column).hasPrefix("\\qy"))
        #expect(lines[2].hasSuffix(" ^^"))
    }

    @Test func aLineThatJustFitsIsNotCut() throws {
        let text = "a = \"" + String(repeating: "x", count: 90) + "\\q\""
        let line = try #require(rendered(text).first).split(separator: "\n")[1]
        #expect(!line.contains("…"))
    }

    @Test func longNamesAreShortened() {
        let name = String(repeating: "n", count: 200)
        let message = parse("\(name) = 1\n\(name) = 2").diagnostics.first?.message
        #expect(message == "key `\(String(repeating: "n", count: 48))…` is defined twice")
    }

    @Test func aFileAsAWholeHasNoPlace() {
        let diagnostic = Diagnostic(file: "x.toml", "cannot be read", hint: "write it")
        #expect(diagnostic.rendered() == "x.toml: error: cannot be read\n   = write it")
    }
}
