extension Parser {
    /// `a`, `"a b"`, `a.b."c.d"`; blanks around the dots are allowed.
    mutating func parseKeyPath() throws(SyntaxError) -> [TOMLKey] {
        var path: [TOMLKey] = []
        while true {
            path.append(try parseKey())
            if path.count > TreeBuilder.depthLimit {
                throw SyntaxError(
                    path[0].span, "a key of more than \(TreeBuilder.depthLimit) parts")
            }
            skipWhitespace()
            guard byte == Byte.dot else { return path }
            offset += 1
            skipWhitespace()
        }
    }

    private mutating func parseKey() throws(SyntaxError) -> TOMLKey {
        let start = offset
        let position = self.position
        switch byte {
        case Byte.quote?, Byte.apostrophe?:
            let text = try parseQuotedKey()
            return TOMLKey(name: text, span: SourceSpan(start: position, length: offset - start))
        case let byte? where Byte.isBareKey(byte):
            while let byte = self.byte, Byte.isBareKey(byte) { offset += 1 }
            if let byte = self.byte, byte >= 0x80 {
                throw unexpected(
                    "a bare key holds only letters of ASCII, digits, `_` and `-`", hint: "quote the key")
            }
            return TOMLKey(
                name: String(decoding: bytes[start..<offset], as: UTF8.self),
                span: SourceSpan(start: position, length: offset - start))
        case let byte? where byte >= 0x80:
            throw unexpected(
                "a bare key holds only letters of ASCII, digits, `_` and `-`", hint: "quote the key")
        default:
            throw unexpected("expected a key")
        }
    }

    /// A string on one line. One with a bad escape is no key at all.
    private mutating func parseQuotedKey() throws(SyntaxError) -> String {
        let span = SourceSpan(start: position, length: 3)
        let delimiter = bytes[offset]
        if byte(at: offset + 1) == delimiter, byte(at: offset + 2) == delimiter {
            throw SyntaxError(span, "a multi-line string cannot be a key", hint: "use one quote on each side")
        }
        let string = try parseString()
        guard let text = string.text else {
            var error = SyntaxError(span, "this key cannot be read")
            error.isReported = true
            throw error
        }
        return text
    }

    /// Whether a line begins like `key =` or is a header: used after errors only, to find the way back.
    func looksLikeStatement(at lineStart: Int) -> Bool {
        var index = skippingBlanks(lineStart)
        var brackets = 0
        while brackets < 2, byte(at: index) == Byte.openBracket {
            brackets += 1
            index = skippingBlanks(index + 1)
        }
        while true {
            guard let end = skippingKey(index) else { return false }
            index = skippingBlanks(end)
            guard byte(at: index) == Byte.dot else { break }
            index = skippingBlanks(index + 1)
        }
        guard brackets > 0 else { return byte(at: index) == Byte.equals }
        for _ in 0..<brackets {
            guard byte(at: index) == Byte.closeBracket else { return false }
            index += 1
        }
        index = skippingBlanks(index)
        return byte(at: index) == nil || byte(at: index) == Byte.hash || startsNewline(index)
    }

    private func skippingBlanks(_ start: Int) -> Int {
        var index = start
        while let byte = byte(at: index), byte == Byte.space || byte == Byte.tab { index += 1 }
        return index
    }

    /// The end of the key that begins here; nil if none does.
    private func skippingKey(_ start: Int) -> Int? {
        var index = start
        guard let first = byte(at: start) else { return nil }
        if first == Byte.quote || first == Byte.apostrophe {
            index += 1
            while let byte = byte(at: index), byte != first {
                if byte == Byte.newline { return nil }
                index += byte == Byte.backslash && first == Byte.quote ? 2 : 1
            }
            return byte(at: index) == first ? index + 1 : nil
        }
        while let byte = byte(at: index), Byte.isBareKey(byte) { index += 1 }
        return index > start ? index : nil
    }
}
