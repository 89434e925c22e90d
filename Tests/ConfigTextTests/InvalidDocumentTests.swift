import ConfigText
import Testing

/// Documents that TOML 1.0 forbids, and what is said of them.
@Suite struct InvalidDocumentTests {
    /// Values, as `a = VALUE`: what the message says.
    @Test(arguments: [
        ("", "expected a value"), ("# c", "expected a value"), ("= 1", "expected a value"),
        ("True", "is not a value"), ("falsey", "is not a value"), ("yes", "is not a value"),
        ("bare", "is not a value"), ("Inf", "is not a value"), ("+true", "is not a value"),
        ("01", "leading zeros"), ("-01", "leading zeros"), ("00", "leading zeros"), ("0_1", "leading zeros"),
        ("1__0", "underscore"), ("1_", "underscore"), ("_1", "is not a value"), ("+_1", "is not a value"),
        ("0x", "lacks digits"), ("0x_1", "underscore"), ("0x1_", "underscore"), ("0xG", "base 16"),
        ("0o8", "base 8"), ("0b2", "base 2"), ("+0x1", "sign"), ("-0o7", "sign"), ("0X1", "is not a number"),
        ("9223372036854775808", "64 bits"), ("-9223372036854775809", "64 bits"),
        ("0x8000000000000000", "64 bits"), ("99999999999999999999999", "64 bits"),
        ("++1", "is not a value"), ("1 2", "end of the line"), ("1a", "is not a number"),
        (".5", "is not a value"), ("5.", "lacks digits"), ("1.e5", "lacks digits"), ("1e", "lacks digits"),
        ("1e+", "lacks digits"), ("1._5", "underscore"), ("1_.5", "underscore"), ("1e_5", "underscore"),
        ("01.5", "leading zeros"), ("1.2.3", "is not a number"), ("1e5.5", "is not a number"),
        ("2021-02-29", "has no day 29"), ("1900-02-29", "has no day 29"), ("2021-13-01", "no month 13"),
        ("2021-00-01", "no month 0"), ("2021-01-00", "has no day 0"), ("2021-04-31", "has no day 31"),
        ("2021-1-01", "is not a date"), ("10000-01-01", "is not a number, a date"),
        ("2021-01-01T", "is not a time"),
        ("2021-01-01x", "is not a date"), ("2021-01-0107:00:00", "is not a date"),
        ("24:00:00", "not on the clock"), ("23:60:00", "not on the clock"), ("23:59:61", "not on the clock"),
        ("12:00:60", "not on the clock"), ("2021-05-05T23:59:60Z", "not on the clock"),
        ("07:32", "is not a time"), ("7:32:00", "is not a number"), ("07:32:00.", "is not a time"),
        ("07:32:00Z", "is not a time"), ("1979-05-27T07:32Z", "is not a time"),
        ("1979-05-27T07:32:00+24:00", "offset"), ("1979-05-27T07:32:00+01:60", "offset"),
        ("1979-05-27T07:32:00+0100", "is not a date and time"), ("1979-05-27T07:32:00ZZ", "date and time"),
        ("\"a", "not closed on its line"), ("'a", "not closed on its line"), ("\"a\nb\"", "not closed"),
        ("\"\"\"a", "never closed"), ("'''a''", "never closed"), ("\"\\\"", "not closed"),
        (#""\x41""#, "is not an escape"), (#""\e""#, "is not an escape"), (#""\ ""#, "is not an escape"),
        (#""\u12""#, "needs 4"), (#""\U0001F60""#, "needs 8"), (#""\uD800""#, "surrogate"),
        (#""\U00110000""#, "beyond U+10FFFF"), ("\"\"\"a \\ b\"\"\"", "is not an escape"),
        ("\"a\" \"b\"", "end of the line"), ("\"\"\"\"\"\"\"\"\"", "end of the line"),
        ("\"\u{1}\"", "U+0001"), ("'\u{7F}'", "U+007F"), ("\"\"\"\u{B}\"\"\"", "U+000B"),
        ("\"a\rb\"", "carriage return"), ("'''a\rb'''", "carriage return"),
        ("[1", "never closed"), ("[1 2]", "expected `,` or `]`"), ("[,]", "expected a value"),
        ("[1,,2]", "expected a value"), ("[1}", "expected `,` or `]`"), ("[", "never closed"),
        ("{", "never closed"), ("{b = 1", "never closed"), ("{b = 1,}", "no comma after its last"),
        ("{,}", "expected a key"), ("{b = 1 c = 2}", "expected `,` or `}`"), ("{b}", "expected `=`"),
        ("{b = 1\n}", "must be on one line"), ("{\nb = 1 }", "must be on one line"),
        ("{b = 1,\n c = 2}", "must be on one line"), ("{b = 1, b = 2}", "twice"),
        ("{b.c = 1, b = 2}", "twice"), ("{b = 1, b.c = 2}", "is not a table"),
        ("{b = {}, b.c = 2}", "inline table"), ("{b = 1 # c\n}", "must be on one line"),
    ])
    func values(text: String, message: String) { check("a = \(text)", message) }

    @Test(arguments: [
        ("= 1", 1, "expected a key"), ("a", 1, "expected `=`"), ("a\n= 1", 1, "expected `=`"),
        ("a b = 1", 1, "expected `=`"), (".a = 1", 1, "expected a key"), ("a. = 1", 1, "expected a key"),
        ("a..b = 1", 1, "expected a key"), ("é = 1", 1, "bare key"), ("aé = 1", 1, "bare key"),
        ("\"\"\"a\"\"\" = 1", 1, "multi-line string"), ("'''a''' = 1", 1, "multi-line string"),
        ("\"a = 1", 1, "not closed"), ("a! = 1", 1, "expected `=`"), ("\"\\x\" = 1", 1, "not an escape"),
        ("a = 1\na = 2", 2, "twice"), ("a = 1\n\"a\" = 2", 2, "twice"),
        ("a = 1\n'a'.b = 2", 2, "not a table"),
        ("a.b = 1\na = 2", 2, "twice"), ("a = {}\na.b = 1", 2, "inline table"),
        ("a = []\na.b = 1", 2, "is an array"), ("a = 1 b = 2", 1, "end of the line"),
        ("\u{0}", 1, "U+0000"), ("a = 1 \r", 1, "carriage return"), ("\ra = 1", 1, "carriage return"),
        ("# \u{7}", 1, "U+0007"), ("# a\rb", 1, "carriage return"), ("a = 1 \u{FEFF}", 1, "end of the line"),
    ])
    func keysAndLines(text: String, line: Int, message: String) { check(text, message, line: line) }

    @Test(arguments: [
        ("[]", 1, "expected a key"), ("[a", 1, "expected `]`"), ("[a]]", 1, "end of the line"),
        ("[a b]", 1, "expected `]`"), ("[a.]", 1, "expected a key"), ("[.a]", 1, "expected a key"),
        ("[a] b = 1", 1, "end of the line"), ("[[a]", 1, "expected `]]`"), ("[[a] ]", 1, "expected `]]`"),
        ("[ [a]]", 1, "expected a key"), ("[[]]", 1, "expected a key"), ("[a\n]", 1, "expected `]`"),
        ("[a]\n[a]", 2, "twice"), ("[a]\n['a']", 2, "twice"), ("a = 1\n[a]", 2, "twice"),
        ("a = 1\n[a.b]", 2, "not a table"), ("[a]\nb = 1\n[a.b]", 3, "twice"),
        ("a.b = 1\n[a]", 2, "twice"), ("[f]\na.c = 1\n[f.a]", 3, "twice"),
        ("[f]\na.t.s = 1\n[f.a.t]", 3, "twice"), ("a = {}\n[a.b]", 2, "inline table"),
        ("a = {b = {}}\n[a.b.c]", 2, "inline table"), ("a = [{b = 1}]\n[a.c]", 2, "is an array"),
        ("a = [{b = 1}]\n[[a]]", 2, "not an array of tables"), ("a = []\n[[a]]", 2, "not an array of tables"),
        ("[a]\n[[a]]", 2, "not an array of tables"), ("[[a]]\n[a]", 2, "array of tables already"),
        ("[a.b]\n[[a]]", 2, "not an array of tables"), ("[[a.b]]\n[a.b]", 2, "array of tables already"),
        ("[a.b.c]\nz = 9\n[a]\nb.c.t = 1", 4, "has a header"),
        ("[[a.b]]\n[a]\nb.y = 2", 3, "array of tables"),
        ("[a.b.c.d]\nz = 9\n[a]\nb.c.d.k.t = 1", 4, "has a header"),
        ("[a]\n[a.b]\n[a]", 3, "twice"), ("[[f]]\n[f.p]\n[f.p]", 3, "twice"),
        ("[[f]]\n[[f.v]]\n[f.v]", 3, "array of tables already"),
    ])
    func tables(text: String, line: Int, message: String) { check(text, message, line: line) }

    /// Ill-formed UTF-8, in a comment and in a string: the column of the first bad byte.
    @Test(
        arguments: [
            ([0x80], "never began"), ([0xC0, 0x80], "overlong"), ([0xC1, 0xBF], "overlong"),
            ([0xE0, 0x80, 0x80], "overlong"), ([0xE0, 0x9F, 0xBF], "overlong"),
            ([0xF0, 0x8F, 0xBF, 0xBF], "overlong"), ([0xED, 0xA0, 0x80], "surrogate"),
            ([0xED, 0xBF, 0xBF], "surrogate"), ([0xF4, 0x90, 0x80, 0x80], "beyond U+10FFFF"),
            ([0xF5, 0x80], "never occurs"), ([0xFF], "never occurs"), ([0xC3], "cut short"),
            ([0xE6, 0x97], "cut short"), ([0xF0, 0x9F, 0x98], "cut short"),
        ] as [([UInt8], String)])
    func encoding(bytes: [UInt8], message: String) throws {
        for (before, after) in [("é = # ", "\n"), ("# é   ", ""), ("a = \"é", "\"\n")] {
            let text = Array(before.utf8) + bytes + Array(after.utf8)
            let document = TOMLDocument(parsing: text, file: "test.toml")
            let first = try #require(document.diagnostics.first)
            #expect(document.diagnostics.count == 1)
            #expect(first.message.contains("UTF-8") && first.message.contains(message), "\(first.message)")
            #expect(first.position?.column == before.unicodeScalars.count + 1)
            #expect(first.position?.offset == before.utf8.count)
        }
    }

    @Test(arguments: [[0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61]] as [[UInt8]])
    func utf16IsNamed(bytes: [UInt8]) {
        let document = TOMLDocument(parsing: bytes, file: "test.toml")
        #expect(document.diagnostics.count == 1)
        #expect(document.diagnostics[0].headline.contains("UTF-16"))
    }

    private func check(_ text: String, _ message: String, line: Int = 1) {
        let document = parse(text)
        guard let first = document.diagnostics.first else {
            Issue.record("accepted: \(text)")
            return
        }
        #expect(first.message.contains(message), "\(first.rendered())")
        #expect(first.position?.line == line, "\(first.rendered())")
    }
}
