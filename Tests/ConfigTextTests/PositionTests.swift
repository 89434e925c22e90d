import ConfigText
import Testing

/// Where keys and values are said to stand.
@Suite struct PositionTests {
    @Test func keysAndValues() throws {
        let text = "é = 1 # no key\n".replacing("é", with: "\"é\"") + "[t]\n\t\"日本\" = [ 'x', {k = true} ]\n"
        let root = parse(text).root
        let first = try #require(root.entry("é"))
        #expect(first.key.span == span(0, 1, 1, 4))
        #expect(first.node.span == span(7, 1, 7, 1))
        let table = try #require(root.entry("t"))
        #expect(table.key.span == span(19, 2, 2, 1))
        #expect(table.node.span == span(18, 2, 1, 3))
        guard case .table(let inner) = table.node.value, let entry = inner.entry("日本"),
            case .array(let elements) = entry.node.value
        else {
            Issue.record("not the tree that was written")
            return
        }
        #expect(entry.key.span == span(23, 3, 2, 8))
        #expect(entry.node.span == span(34, 3, 9, 19))
        #expect(elements.map(\.span) == [span(36, 3, 11, 3), span(41, 3, 16, 10)])
    }

    @Test func aByteOrderMarkHasNoColumn() throws {
        let entry = try #require(parse("\u{FEFF}a = 1").root.entry("a"))
        #expect(entry.key.span == span(3, 1, 1, 1))
    }

    @Test func linesEndWithCRLFToo() throws {
        let entry = try #require(parse("a = 1\r\nb = '''\r\n\r\n'''\r\nc = 2").root.entry("c"))
        #expect(entry.key.span == span(23, 5, 1, 1))
    }

    private func span(_ offset: Int, _ line: Int, _ column: Int, _ length: Int) -> SourceSpan {
        SourceSpan(start: SourcePosition(offset: offset, line: line, column: column), length: length)
    }
}
