extension Parser {
    /// Any value.
    /// - Parameter depth: containers around it.
    mutating func parseValue(depth: Int) throws(SyntaxError) -> TOMLNode {
        switch byte {
        case Byte.quote?, Byte.apostrophe?:
            let start = offset
            let position = self.position
            let string = try parseString()
            return TOMLNode(
                value: string.text.map { .string($0) } ?? .invalid,
                span: SourceSpan(start: position, length: offset - start))
        case Byte.openBracket?: return try parseArray(depth: depth)
        case Byte.openBrace?: return try parseInlineTable(depth: depth)
        default: return try parseScalar()
        }
    }

    /// A value without delimiters: it ends where nothing of it can stand any more.
    private mutating func parseScalar() throws(SyntaxError) -> TOMLNode {
        let start = offset
        let position = self.position
        var end = scalarEnd(start)
        guard end > start else {
            throw unexpected("expected a value")
        }
        // A date and a time may be parted by one blank.
        if end - start == 10, bytes[start + 4] == Byte.minus, byte(at: end) == Byte.space,
            let next = byte(at: end + 1), Byte.isDigit(next), looksLikeDate(start)
        {
            end = scalarEnd(end + 1)
        }
        offset = end
        let span = SourceSpan(start: position, length: end - start)
        return TOMLNode(value: try scalar(start..<end, span: span), span: span)
    }

    private func scalarEnd(_ start: Int) -> Int {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case Byte.space, Byte.tab, Byte.newline, Byte.comma, Byte.closeBracket, Byte.closeBrace,
                Byte.hash,
                Byte.equals:
                return end
            case Byte.carriageReturn: if startsNewline(end) { return end }
            default: break
            }
            end += 1
        }
        return end
    }

    private func scalar(_ range: Range<Int>, span: SourceSpan) throws(SyntaxError) -> TOMLValue {
        let first = bytes[range.lowerBound]
        let isSigned = first == Byte.plus || first == Byte.minus
        let body = isSigned ? range.dropFirst() : range
        if !isSigned {
            if matches(body, "true") { return .boolean(true) }
            if matches(body, "false") { return .boolean(false) }
        }
        if matches(body, "inf") { return .float(first == Byte.minus ? -.infinity : .infinity) }
        if matches(body, "nan") { return .float(.nan) }
        if looksLikeDate(range.lowerBound) || looksLikeTime(range.lowerBound) {
            return try dateTime(range, span: span)
        }
        if let digit = body.first.map({ bytes[$0] }), Byte.isDigit(digit) {
            return try number(range, span: span)
        }
        throw SyntaxError(span, "\(text(range)) is not a value", hint: hint(for: range))
    }

    private func matches(_ range: Range<Int>, _ word: StaticString) -> Bool {
        range.count == word.utf8CodeUnitCount && bytes[range].elementsEqual(word.description.utf8)
    }

    /// A part of the text as messages cite it.
    func text(_ range: Range<Int>) -> String {
        let end = min(range.upperBound, range.lowerBound + 200)
        return cited(String(decoding: bytes[range.lowerBound..<end], as: UTF8.self))
    }

    private func hint(for range: Range<Int>) -> String? {
        let word = String(decoding: bytes[range].prefix(64), as: UTF8.self)
        switch word.lowercased() {
        case "true", "yes", "on": return "a boolean is `true` or `false`"
        case "false", "no", "off": return "a boolean is `true` or `false`; a word needs quotes: \"\(word)\""
        case "inf", "nan", "+inf", "-inf", "infinity": return "these are written `inf` and `nan`"
        default:
            if bytes[range.lowerBound] == Byte.dot { return "a float needs a digit before its point" }
            return "a string needs quotes"
        }
    }
}
