/// Reads statements, one a line. `Parser+….swift` hold keys, strings, numbers, dates and containers.
///
/// Two kinds of complaint: `throw` gives up the statement, and the parser goes on at the next line; `report`
/// notes something that does not keep the rest of the statement from being read.
struct Parser {
    let source: SourceText
    let bytes: [UInt8]
    var offset: Int
    var tree = TreeBuilder()
    private(set) var diagnostics: [Diagnostic] = []
    private var tracker: PositionTracker
    /// The table of the last header.
    private var table: TreeBuilder.TableID
    /// Lines with a complaint about their encoding, which is enough for them.
    private var misencodedLines: Set<Int> = []
    /// After an error inside a bracket or a long string: lines that cannot begin a statement are what is left
    /// of it, and saying so for each of them would bury the one error that counts.
    private var remains: Remains?

    private enum Remains {
        /// Of an array: up to its last bracket, if no statement comes before.
        case array(openBrackets: Int)
        /// Of something that was never closed: up to the next statement.
        case unclosed
    }
    /// Arrays of the current statement that have been opened and not closed.
    var openArrays = 0

    init(source: SourceText, findings: [EncodingCheck.Finding]) {
        self.source = source
        bytes = source.bytes
        offset = SourceText.byteOrderMarkLength(bytes)
        tracker = PositionTracker(start: offset)
        table = tree.root
        var lines = tracker
        for finding in findings {
            let span = SourceSpan(
                start: lines.position(of: finding.offset, in: bytes), length: finding.length)
            misencodedLines.insert(span.start.line)
            diagnostics.append(
                source.diagnostic(at: span, "not UTF-8: \(finding.message)", hint: "save the file as UTF-8"))
        }
    }

    private var isFull: Bool { diagnostics.count >= Diagnostic.limit }

    mutating func parse() {
        while offset < bytes.count, !isFull {
            if let remains {
                skipLine(of: remains)
                continue
            }
            do throws(SyntaxError) {
                try parseStatement()
            } catch {
                report(error)
                recover(from: error)
            }
        }
    }

    private mutating func parseStatement() throws(SyntaxError) {
        openArrays = 0
        skipWhitespace()
        switch byte {
        case nil, Byte.newline, Byte.carriageReturn, Byte.hash: break
        case Byte.openBracket: try parseHeader()
        default: try parseKeyValue(in: table)
        }
        try parseLineEnd()
    }

    // MARK: Statements

    /// `key = value`, in a table or an inline table.
    mutating func parseKeyValue(in table: TreeBuilder.TableID) throws(SyntaxError) {
        let path = try parseKeyPath()
        let node: TOMLNode
        do throws(SyntaxError) {
            skipWhitespace()
            guard byte == Byte.equals else {
                throw unexpected("expected `=` after the key", hint: "a line is `key = value`, or `[table]`")
            }
            offset += 1
            skipWhitespace()
            node = try parseValue(depth: tree.depth(of: table) + path.count)
        } catch {
            // The key is there, only its value is not known: nobody shall miss the key.
            let start = path.first?.span ?? error.span
            _ = tree.insert(TOMLNode(value: .invalid, span: start), at: path, in: table)
            throw error
        }
        if let conflict = tree.insert(node, at: path, in: table) { report(conflict) }
    }

    /// `[a.b]` or `[[a.b]]`.
    private mutating func parseHeader() throws(SyntaxError) {
        let start = offset
        let position = self.position
        offset += 1
        let isArray = byte == Byte.openBracket
        if isArray { offset += 1 }
        table = tree.detachedTable(span: SourceSpan(start: position, length: 1))
        skipWhitespace()
        let path = try parseKeyPath()
        skipWhitespace()
        let closing = isArray ? "]]" : "]"
        var isClosed = byte == Byte.closeBracket
        if isClosed {
            offset += 1
            if isArray {
                isClosed = byte == Byte.closeBracket
                if isClosed { offset += 1 }
            }
        }
        // Where the bracket is forgotten at the end of the line it is clear what was meant.
        if !isClosed, !isAtLineEnd {
            throw unexpected("expected `\(closing)` after the name of the table")
        }
        let span = SourceSpan(start: position, length: offset - start)
        let result = isArray ? tree.appendTable(path, span: span) : tree.defineTable(path, span: span)
        switch result {
        case .success(let defined): table = defined
        case .failure(let conflict): report(conflict)
        }
        if !isClosed {
            throw unexpected("expected `\(closing)` after the name of the table")
        }
    }

    private mutating func parseLineEnd() throws(SyntaxError) {
        skipWhitespace()
        if byte == Byte.hash { skipComment() }
        guard offset < bytes.count else { return }
        guard skipNewline() else {
            throw unexpected(
                "expected the end of the line", hint: "each `key = value` is on a line of its own")
        }
    }

    // MARK: Complaints

    mutating func report(_ error: SyntaxError) {
        guard !isFull, !error.isReported, !misencodedLines.contains(error.span.start.line) else { return }
        diagnostics.append(source.diagnostic(at: error.span, error.message, hint: error.hint))
    }

    private mutating func recover(from error: SyntaxError) {
        if let resume = error.resumeOffset {
            offset = resume
            remains = .unclosed
        } else {
            skipLine(of: .array(openBrackets: openArrays))
        }
    }

    /// Names what stands at the current place instead of what should.
    mutating func unexpected(_ message: String, hint: String? = nil) -> SyntaxError {
        let span = SourceSpan(start: position, length: isAtLineEnd ? 0 : 1)
        return SyntaxError(span, "\(message), found \(describeCurrent())", hint: hint)
    }

    private func describeCurrent() -> String {
        guard let byte else { return "the end of the file" }
        if startsNewline(offset) { return "the end of the line" }
        if byte == Byte.hash { return "a comment" }
        if byte < 0x20 || byte == Byte.delete { return controlName(byte) }
        var end = offset + 1
        if Byte.isBareKey(byte) {
            while end < bytes.count, end < offset + 200, Byte.isBareKey(bytes[end]) { end += 1 }
        } else {
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        }
        let text = String(decoding: bytes[offset..<end], as: UTF8.self)
        return text == "`" ? "a backquote" : cited(text)
    }

    func controlName(_ byte: UInt8) -> String {
        if byte == Byte.carriageReturn { return "a carriage return without a line feed" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "the control character U+00\(digits.utf8.count < 2 ? "0" : "")\(digits)"
    }

    /// For a string or a comment, where a character is refused and the text read on.
    mutating func reportControl(at place: Int, in what: String) {
        let span = SourceSpan(start: position(of: place), length: 1)
        let name = controlName(bytes[place])
        let hint =
            bytes[place] == Byte.carriageReturn
            ? "lines end with LF or CRLF" : "in a \"basic\" string it can be written as an escape"
        report(SyntaxError(span, "\(name) is not allowed in \(what)", hint: hint))
    }

    // MARK: Moving on

    /// The byte at the current place; nil at the end of the file.
    var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    var position: SourcePosition {
        mutating get { tracker.position(of: offset, in: bytes) }
    }

    mutating func position(of offset: Int) -> SourcePosition { tracker.position(of: offset, in: bytes) }

    func startsNewline(_ index: Int) -> Bool {
        byte(at: index) == Byte.newline
            || (byte(at: index) == Byte.carriageReturn && byte(at: index + 1) == Byte.newline)
    }

    /// At a line end, a comment or the end of the file.
    var isAtLineEnd: Bool { byte == nil || byte == Byte.hash || startsNewline(offset) }

    mutating func skipWhitespace() {
        while offset < bytes.count, bytes[offset] == Byte.space || bytes[offset] == Byte.tab { offset += 1 }
    }

    /// - Returns: whether there was a line end.
    mutating func skipNewline() -> Bool {
        guard startsNewline(offset) else { return false }
        offset += bytes[offset] == Byte.newline ? 1 : 2
        return true
    }

    mutating func skipComment() {
        while offset < bytes.count, !startsNewline(offset) {
            if Byte.isControl(bytes[offset]) { reportControl(at: offset, in: "a comment") }
            offset += 1
        }
    }

    /// Drops a line, or the rest of one, that is left of a broken array or string; ends the dropping when
    /// there is no more of it.
    private mutating func skipLine(of what: Remains) {
        let isRest = remains == nil
        if !isRest, looksLikeStatement(at: offset) {
            remains = nil
            return
        }
        var openBrackets = 0
        if case .array(let open) = what { openBrackets = open }
        while offset < bytes.count, bytes[offset] != Byte.newline {
            if bytes[offset] == Byte.openBracket { openBrackets += 1 }
            if bytes[offset] == Byte.closeBracket { openBrackets -= 1 }
            offset += 1
        }
        offset = min(offset + 1, bytes.count)
        switch what {
        case .array: remains = openBrackets > 0 ? .array(openBrackets: openBrackets) : nil
        case .unclosed: remains = .unclosed
        }
    }
}
