import ConfigText
import Testing

/// Documents that TOML 1.0 allows, and what they say.
@Suite struct ValidDocumentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let expected: String
        var testDescription: String { text }

        init(_ text: String, _ expected: String) {
            self.text = text
            self.expected = expected
        }
    }

    @Test(arguments: [
        Case("", "{}"),
        Case("\u{FEFF}a = true", #"{"a":{"type":"bool","value":"true"}}"#),
        Case("# only a comment", "{}"),
        Case("\r\n \t\n", "{}"),
        Case("a=1#c\nb=2\r\n", #"{"a":{"type":"integer","value":"1"},"b":{"type":"integer","value":"2"}}"#),
    ])
    func wholeDocuments(_ given: Case) { check(given.text, given.expected) }

    /// Each value, as `a = VALUE`.
    @Test(arguments: [
        Case("0", "0"), Case("+0", "0"), Case("-0", "0"), Case("+99", "99"), Case("-17", "-17"),
        Case("1_000", "1000"), Case("5_349_221", "5349221"), Case("1_2_3_4_5", "12345"),
        Case("0xDEADBEEF", "3735928559"), Case("0xdead_beef", "3735928559"), Case("0x00F", "15"),
        Case("0o01234567", "342391"), Case("0o755", "493"), Case("0b11010110", "214"), Case("0b0", "0"),
        Case("9223372036854775807", "9223372036854775807"),
        Case("-9223372036854775808", "-9223372036854775808"),
        Case("0x7FFFFFFFFFFFFFFF", "9223372036854775807"),
    ])
    func integers(_ given: Case) { checkValue(given.text, "integer", given.expected) }

    @Test(arguments: [
        Case("+1.0", "1.0"), Case("3.1415", "3.1415"), Case("-0.01", "-0.01"), Case("5e+22", "5e+22"),
        Case("1e06", "1000000.0"), Case("-2E-2", "-0.02"), Case("6.626e-34", "6.626e-34"),
        Case("224_617.445_991_228", "224617.445991228"), Case("-0.0", "-0.0"), Case("1e0_1", "10.0"),
        Case("inf", "inf"), Case("+inf", "inf"), Case("-inf", "-inf"), Case("nan", "nan"),
        Case("+nan", "nan"), Case("-nan", "nan"), Case("0e0", "0.0"), Case("1e400", "inf"),
    ])
    func floats(_ given: Case) { checkValue(given.text, "float", given.expected) }

    @Test(arguments: [
        Case(#""I'm \"x\"""#, #"I'm \"x\""#),
        Case(#""\b\t\n\f\r\\""#, #"\u0008\u0009\u000a\u000c\u000d\\"#),
        Case(#""\u00e9\U0001F600\u0000""#, "é😀\\u0000"),
        Case(#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"),
        Case("\"tab\there\"", "tab\\u0009here"),
        Case(#"'C:\temp\"x"'"#, #"C:\\temp\\\"x\""#),
        Case("''", ""), Case("\"\"", ""),
        Case("\"\"\"\"\"\"", ""), Case("''''''", ""),
        Case("\"\"\"\nfirst\nsecond\"\"\"", "first\\u000asecond"),
        Case("\"\"\"\r\na\r\nb\"\"\"", "a\\u000ab"),
        Case("\"\"\"a\n\nb\"\"\"", "a\\u000a\\u000ab"),
        Case("\"\"\"The \\\n   quick \\  \n\n\n  fox\"\"\"", "The quick fox"),
        Case("\"\"\"a\\\r\n  b\"\"\"", "ab"),
        Case("\"\"\"two \"\" three \\\"\"\" five \"\"\\\"\"\"\"", #"two \"\" three \"\"\" five \"\"\""#),
        Case("\"\"\"\"quoted\"\"\"\"", #"\"quoted\""#),
        Case("\"\"\"\"\"x\"\"\"\"\"", #"\"\"x\"\""#),
        Case("'''\n\\n 'a' ''b'''''", #"\\n 'a' ''b''"#),
        Case("'''a\n'''", "a\\u000a"),
        Case("\"日本 # not a comment\"", "日本 # not a comment"),
    ])
    func strings(_ given: Case) { checkValue(given.text, "string", given.expected) }

    @Test(arguments: [
        ("1979-05-27T07:32:00Z", "datetime", "1979-05-27T07:32:00Z"),
        ("1979-05-27t07:32:00z", "datetime", "1979-05-27T07:32:00Z"),
        ("1979-05-27 00:32:00.999999-07:00", "datetime", "1979-05-27T00:32:00.999999-07:00"),
        ("1979-05-27T00:32:00+00:00", "datetime", "1979-05-27T00:32:00Z"),
        ("2016-12-31T23:59:60Z", "datetime", "2016-12-31T23:59:60Z"),
        ("2017-01-01T00:59:60+01:00", "datetime", "2017-01-01T00:59:60+01:00"),
        ("1979-05-27T07:32:00", "datetime-local", "1979-05-27T07:32:00"),
        ("1979-05-27 07:32:00.5", "datetime-local", "1979-05-27T07:32:00.5"),
        ("1979-05-27", "date-local", "1979-05-27"),
        ("2000-02-29", "date-local", "2000-02-29"), ("2024-02-29", "date-local", "2024-02-29"),
        ("0001-01-01", "date-local", "0001-01-01"), ("9999-12-31", "date-local", "9999-12-31"),
        ("07:32:00", "time-local", "07:32:00"),
        ("00:32:00.12345678987", "time-local", "00:32:00.123456789"),
        ("23:59:59.000", "time-local", "23:59:59"),
    ])
    func datesAndTimes(text: String, type: String, value: String) { checkValue(text, type, value) }

    @Test(arguments: [
        Case("a = []", #"{"a":[]}"#),
        Case("a = [ [ ], {}, ]", #"{"a":[[],{}]}"#),
        Case("a = [ # c\n 1 # d\n , # e\n 'x'\n # f\n ]", "{\"a\":[\(int(1)),\(string("x"))]}"),
        Case("a = { }", #"{"a":{}}"#),
        Case(
            "a = {b = 1, c.d = 2, c.e = 3}",
            "{\"a\":{\"b\":\(int(1)),\"c\":{\"d\":\(int(2)),\"e\":\(int(3))}}}"),
        Case(
            "a = {b = [\n1,\n2\n], c = '''\n'''}", "{\"a\":{\"b\":[\(int(1)),\(int(2))],\"c\":\(string(""))}}"
        ),
    ])
    func containers(_ given: Case) { check(given.text, given.expected) }

    @Test(arguments: [
        Case("1234 = 1", "{\"1234\":\(int(1))}"),
        Case("a-b_C = 1", "{\"a-b_C\":\(int(1))}"),
        Case("\"127.0.0.1\" = 1", "{\"127.0.0.1\":\(int(1))}"),
        Case("'a\"b' = 1", #"{"a\"b":{"type":"integer","value":"1"}}"#),
        Case("\"\" = 1", "{\"\":\(int(1))}"),
        Case("\"\\u00e9\" = 1", "{\"é\":\(int(1))}"),
        Case("a . \"b c\" . 'd' = 1", "{\"a\":{\"b c\":{\"d\":\(int(1))}}}"),
        Case("3.14 = 1", "{\"3\":{\"14\":\(int(1))}}"),
        Case("1979-05-27 = 1", "{\"1979-05-27\":\(int(1))}"),
        Case("true = 1\ninf = 2", "{\"true\":\(int(1)),\"inf\":\(int(2))}"),
        // Equal to Unicode, different to TOML.
        Case("\"\u{E9}\" = 1\n\"e\u{301}\" = 2", "{\"\u{E9}\":\(int(1)),\"e\u{301}\":\(int(2))}"),
    ])
    func keys(_ given: Case) { check(given.text, given.expected) }

    @Test(arguments: [
        Case("[a.b.c]\nx = 1\n[a]\ny = 2", "{\"a\":{\"b\":{\"c\":{\"x\":\(int(1))}},\"y\":\(int(2))}}"),
        Case("[ a . 'b' ] # c", #"{"a":{"b":{}}}"#),
        Case("a.b = 1\na.c = 2", "{\"a\":{\"b\":\(int(1)),\"c\":\(int(2))}}"),
        Case("a.b = 1\nx = 2\na.c = 3", "{\"a\":{\"b\":\(int(1)),\"c\":\(int(3))},\"x\":\(int(2))}"),
        Case("[f]\na.c = 1\n[f.a.t]\ns = 2", "{\"f\":{\"a\":{\"c\":\(int(1)),\"t\":{\"s\":\(int(2))}}}}"),
        Case("[a.b.c]\nz = 1\n[a]\nb.d = 2", "{\"a\":{\"b\":{\"c\":{\"z\":\(int(1))},\"d\":\(int(2))}}}"),
        Case("[[p]]\nn = 1\n[[p]]\n[[p]]\nn = 3", "{\"p\":[{\"n\":\(int(1))},{},{\"n\":\(int(3))}]}"),
        Case(
            "[[f]]\n[f.p]\nc = 1\n[[f.v]]\n[[f.v]]\n[[f]]\n[[f.v]]",
            "{\"f\":[{\"p\":{\"c\":\(int(1))},\"v\":[{},{}]},{\"v\":[{}]}]}"),
        Case("[[a.b]]\nx = 1\n[a]\ny = 2", "{\"a\":{\"b\":[{\"x\":\(int(1))}],\"y\":\(int(2))}}"),
        Case("[a]\n[\"a b\"]\n[b.\"c.d\"]", #"{"a":{},"a b":{},"b":{"c.d":{}}}"#),
    ])
    func tables(_ given: Case) { check(given.text, given.expected) }

    @Test func largeTablesFindTheirKeys() {
        let text = (0..<100).map { "k\($0) = \($0)\n" }.joined()
        let document = parse(text)
        #expect(document.isValid)
        for number in [0, 7, 8, 9, 50, 99] {
            #expect(document.root["k\(number)"]?.value == .integer(Int64(number)))
        }
        #expect(document.root["k100"] == nil)
    }

    private func check(_ text: String, _ expected: String) {
        let document = parse(text)
        #expect(document.diagnostics.map { $0.rendered() } == [])
        #expect(json(document) == expected)
    }

    private func checkValue(_ text: String, _ type: String, _ value: String) {
        check("a = \(text)", "{\"a\":{\"type\":\"\(type)\",\"value\":\"\(value)\"}}")
    }
}

private func int(_ number: Int) -> String { "{\"type\":\"integer\",\"value\":\"\(number)\"}" }
private func string(_ text: String) -> String { "{\"type\":\"string\",\"value\":\"\(text)\"}" }
