extension Parser {
    /// `[1, 2]`, over as many lines as it likes.
    mutating func parseArray(depth: Int) throws(SyntaxError) -> TOMLNode {
        let start = offset
        let opening = SourceSpan(start: position, length: 1)
        try checkDepth(depth, at: opening)
        offset += 1
        openArrays += 1
        var elements: [TOMLNode] = []
        var needsComma = false
        while true {
            let isOnNewLine = skipBlankLines()
            let place = offset
            guard let byte else { throw unclosed(opening, "array", "]", resumeOffset: lineEnd(after: start)) }
            if byte == Byte.closeBracket { break }
            if byte == Byte.comma, needsComma {
                offset += 1
                needsComma = false
                continue
            }
            do throws(SyntaxError) {
                if needsComma { throw unexpected("expected `,` or `]` in the array") }
                elements.append(try parseValue(depth: depth + 1))
                needsComma = true
            } catch {
                // A line that begins the next statement shows that the bracket was forgotten.
                guard error.resumeOffset == nil, isOnNewLine, looksLikeStatement(at: place) else {
                    throw error
                }
                throw unclosed(opening, "array", "]", resumeOffset: place)
            }
        }
        offset += 1
        openArrays -= 1
        return TOMLNode(
            value: .array(elements), span: SourceSpan(start: opening.start, length: offset - start))
    }

    /// `{ a = 1, b.c = 2 }`, on one line.
    mutating func parseInlineTable(depth: Int) throws(SyntaxError) -> TOMLNode {
        let start = offset
        let opening = SourceSpan(start: position, length: 1)
        try checkDepth(depth, at: opening)
        offset += 1
        let table = tree.beginInlineTable(span: opening, depth: depth)
        do throws(SyntaxError) {
            try parseInlineEntries(of: table, opening: opening)
        } catch {
            tree.abandon(table)
            throw error
        }
        offset += 1
        return TOMLNode(
            value: .table(tree.finish(table)),
            span: SourceSpan(start: opening.start, length: offset - start))
    }

    /// Up to the closing brace. A table over several lines is read as what it was meant to be, with one
    /// complaint for all of it.
    private mutating func parseInlineEntries(
        of table: TreeBuilder.TableID, opening: SourceSpan
    ) throws(SyntaxError) {
        var isAfterComma = false
        var needsComma = false
        var lineBreak: SourceSpan?
        while true {
            skipWhitespace()
            if isAtLineEnd, byte != nil {
                if lineBreak == nil { lineBreak = SourceSpan(start: position, length: 1) }
                let end = position
                _ = skipBlankLines()
                if needsComma, byte != Byte.comma, byte != Byte.closeBrace {
                    throw unclosed(opening, "inline table", "}", resumeOffset: lineEnd(after: end.offset))
                }
            }
            guard let byte else {
                throw unclosed(
                    opening, "inline table", "}", resumeOffset: lineEnd(after: opening.start.offset))
            }
            switch byte {
            case Byte.closeBrace:
                if let lineBreak {
                    report(
                        SyntaxError(
                            lineBreak, "an inline table must be on one line",
                            hint: "use a table of its own: [name]"))
                } else if isAfterComma {
                    report(unexpected("an inline table has no comma after its last value"))
                }
                return
            case Byte.comma where needsComma:
                offset += 1
                needsComma = false
                isAfterComma = true
            case _ where needsComma: throw unexpected("expected `,` or `}` in the inline table")
            default:
                try parseKeyValue(in: table)
                needsComma = true
                isAfterComma = false
            }
        }
    }

    private func checkDepth(_ depth: Int, at span: SourceSpan) throws(SyntaxError) {
        guard depth < TreeBuilder.depthLimit else {
            throw SyntaxError(span, "nested more than \(TreeBuilder.depthLimit) deep")
        }
    }

    private func unclosed(
        _ opening: SourceSpan, _ what: String, _ bracket: String, resumeOffset: Int
    ) -> SyntaxError {
        SyntaxError(
            opening, "this \(what) is never closed", hint: "close it with `\(bracket)`",
            resumeOffset: resumeOffset)
    }

    /// Skips blanks, comments and line ends.
    /// - Returns: whether a line end was among them.
    private mutating func skipBlankLines() -> Bool {
        var isOnNewLine = false
        while true {
            skipWhitespace()
            if byte == Byte.hash { skipComment() }
            guard skipNewline() else { return isOnNewLine }
            isOnNewLine = true
        }
    }
}
