extension Parser {
    /// A string that was read to its end. `text` is nil if something in it was reported.
    struct ParsedString {
        let text: String?
    }

    /// Any of the four kinds of string.
    mutating func parseString() throws(SyntaxError) -> ParsedString {
        let delimiter = bytes[offset]
        if byte(at: offset + 1) == delimiter, byte(at: offset + 2) == delimiter {
            return try parseMultiLineString(delimiter)
        }
        return try parseSingleLineString(delimiter)
    }

    // MARK: One line

    private mutating func parseSingleLineString(_ delimiter: UInt8) throws(SyntaxError) -> ParsedString {
        let opening = SourceSpan(start: position, length: 1)
        let allowsEscapes = delimiter == Byte.quote
        offset += 1
        var run = offset
        var buffer: [UInt8] = []
        var isSound = true
        while true {
            guard let byte, !startsNewline(offset) else {
                let quote = allowsEscapes ? "\"" : "'"
                throw SyntaxError(
                    opening, "this string is not closed on its line",
                    hint: "close it with \(quote), or use \(quote)\(quote)\(quote) for text of several lines")
            }
            if byte == delimiter {
                defer { offset += 1 }
                guard isSound else { return ParsedString(text: nil) }
                // Without escapes the text is the bytes between the quotes.
                guard !buffer.isEmpty else {
                    return ParsedString(text: String(decoding: bytes[run..<offset], as: UTF8.self))
                }
                buffer.append(contentsOf: bytes[run..<offset])
                return ParsedString(text: String(decoding: buffer, as: UTF8.self))
            }
            if byte == Byte.backslash, allowsEscapes {
                buffer.append(contentsOf: bytes[run..<offset])
                if !parseEscape(into: &buffer) { isSound = false }
                run = offset
            } else {
                if Byte.isControl(byte) {
                    reportControl(at: offset, in: "a string")
                    isSound = false
                }
                offset += 1
            }
        }
    }

    // MARK: Several lines

    private mutating func parseMultiLineString(_ delimiter: UInt8) throws(SyntaxError) -> ParsedString {
        let start = offset
        let opening = SourceSpan(start: position, length: 3)
        let allowsEscapes = delimiter == Byte.quote
        offset += 3
        _ = skipNewline()
        var run = offset
        var buffer: [UInt8] = []
        var isSound = true
        while let byte {
            if byte == delimiter, self.byte(at: offset + 1) == delimiter,
                self.byte(at: offset + 2) == delimiter
            {
                // One or two quotes may stand right before the closing three.
                var quotes = 3
                while quotes < 5, self.byte(at: offset + quotes) == delimiter { quotes += 1 }
                buffer.append(contentsOf: bytes[run..<offset + quotes - 3])
                offset += quotes
                return ParsedString(text: isSound ? String(decoding: buffer, as: UTF8.self) : nil)
            }
            if byte == Byte.backslash, allowsEscapes {
                buffer.append(contentsOf: bytes[run..<offset])
                if !skipEscapedLineEnd(), !parseEscape(into: &buffer) { isSound = false }
                run = offset
            } else if byte == Byte.carriageReturn, startsNewline(offset) {
                // A line end is a line feed, whatever editor wrote it.
                buffer.append(contentsOf: bytes[run..<offset])
                offset += 1
                run = offset
            } else {
                if Byte.isControl(byte), byte != Byte.newline {
                    reportControl(at: offset, in: "a string")
                    isSound = false
                }
                offset += 1
            }
        }
        let quotes = allowsEscapes ? "\"\"\"" : "'''"
        throw SyntaxError(
            opening, "this string is never closed", hint: "close it with \(quotes)",
            resumeOffset: lineEnd(after: start))
    }

    /// The start of the line after the one that holds `index`.
    func lineEnd(after index: Int) -> Int {
        var end = index
        while end < bytes.count, bytes[end] != Byte.newline { end += 1 }
        return min(end + 1, bytes.count)
    }

    /// A backslash at the end of a line: all blanks and line ends up to the next character are left out.
    private mutating func skipEscapedLineEnd() -> Bool {
        var index = offset + 1
        while let byte = byte(at: index), byte == Byte.space || byte == Byte.tab { index += 1 }
        guard startsNewline(index) else { return false }
        while let byte = byte(at: index) {
            guard byte == Byte.space || byte == Byte.tab || startsNewline(index) || byte == Byte.newline
            else {
                break
            }
            index += byte == Byte.carriageReturn ? 2 : 1
        }
        offset = index
        return true
    }

    // MARK: Escapes

    /// Reads the escape at the current place.
    /// - Returns: false if there is none; that was reported, and the backslash is left behind.
    private mutating func parseEscape(into buffer: inout [UInt8]) -> Bool {
        let simple: UInt8
        switch byte(at: offset + 1) {
        case 0x62: simple = 0x08
        case 0x74: simple = Byte.tab
        case 0x6E: simple = Byte.newline
        case 0x66: simple = 0x0C
        case 0x72: simple = Byte.carriageReturn
        case Byte.quote: simple = Byte.quote
        case Byte.backslash: simple = Byte.backslash
        case 0x75: return parseUnicodeEscape(digits: 4, into: &buffer)
        case 0x55: return parseUnicodeEscape(digits: 8, into: &buffer)
        default:
            reportUnknownEscape()
            offset += 1
            return false
        }
        buffer.append(simple)
        offset += 2
        return true
    }

    private mutating func reportUnknownEscape() {
        let start = position
        var end = offset + 1
        if let byte = byte(at: end), !Byte.isControl(byte) {
            end += 1
            while let byte = self.byte(at: end), byte & 0xC0 == 0x80 { end += 1 }
        }
        let text = String(decoding: bytes[offset..<end], as: UTF8.self)
        report(
            SyntaxError(
                SourceSpan(start: start, length: end - offset), "\(cited(text)) is not an escape",
                hint: #"write \\ for a backslash, or put the text in 'single quotes'"#))
    }

    private mutating func parseUnicodeEscape(digits: Int, into buffer: inout [UInt8]) -> Bool {
        let start = position
        let begin = offset
        offset += 2
        var value: UInt32 = 0
        var count = 0
        while count < digits, let byte, let digit = Byte.digitValue(byte) {
            value = value << 4 | UInt32(digit)
            count += 1
            offset += 1
        }
        let span = SourceSpan(start: start, length: offset - begin)
        guard count == digits else {
            report(SyntaxError(span, "this escape needs \(digits) hexadecimal digits, it has \(count)"))
            return false
        }
        guard let scalar = Unicode.Scalar(value) else {
            let what = (0xD800...0xDFFF).contains(value) ? "a surrogate" : "beyond U+10FFFF"
            report(SyntaxError(span, "this escape is \(what), not a character"))
            return false
        }
        buffer.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        return true
    }
}
