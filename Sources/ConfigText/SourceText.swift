/// The bytes of one file together with its name: what a diagnostic needs in order to show the line.
public struct SourceText: Sendable {
    /// As it is to be printed; nothing opens it.
    public let file: String
    /// Well-formed UTF-8: whatever was not has been replaced by `?`, byte for byte, and reported.
    let bytes: [UInt8]

    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    /// A diagnostic that carries the line it speaks of, so that it can be shown without the file.
    public func diagnostic(
        _ severity: Diagnostic.Severity = .error, at span: SourceSpan, _ message: String, hint: String? = nil
    ) -> Diagnostic {
        let line = lineRange(around: span.start.offset)
        let start = min(max(span.start.offset, line.lowerBound), line.upperBound)
        let end = min(max(start, span.start.offset + span.length), line.upperBound)
        return Diagnostic(
            severity: severity, file: file, position: span.start, message: message, hint: hint,
            excerpt: excerpt(of: line, around: start),
            length: max(1, scalarCount(start..<end)))
    }

    /// The line that holds `offset`, without its line end and without a byte order mark.
    private func lineRange(around offset: Int) -> Range<Int> {
        var start = min(offset, bytes.count)
        while start > 0, bytes[start - 1] != Byte.newline { start -= 1 }
        var end = min(offset, bytes.count)
        while end < bytes.count, bytes[end] != Byte.newline { end += 1 }
        if end > start, bytes[end - 1] == Byte.carriageReturn { end -= 1 }
        if start == 0 { start = min(Self.byteOrderMarkLength(bytes), end) }
        return start..<end
    }

    /// As much of a line as can be shown on either side of `focus`, a byte offset in it.
    private func excerpt(of line: Range<Int>, around focus: Int) -> Diagnostic.Excerpt {
        let reach = 600
        var start = max(line.lowerBound, focus - reach)
        while start > line.lowerBound, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        var end = min(line.upperBound, focus + reach)
        while end < line.upperBound, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return Diagnostic.Excerpt(
            text: String(decoding: bytes[start..<end], as: UTF8.self),
            firstColumn: 1 + scalarCount(line.lowerBound..<start),
            isCutBefore: start > line.lowerBound, isCutAfter: end < line.upperBound)
    }

    private func scalarCount(_ range: Range<Int>) -> Int {
        var count = 0
        for byte in bytes[range] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    static func byteOrderMarkLength(_ bytes: [UInt8]) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }
}
