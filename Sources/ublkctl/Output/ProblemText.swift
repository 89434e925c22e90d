internal import ConfigText
internal import StatusWire

extension Problem {
    /// As `ublkctl check` shows it: place and message, the line with a caret, the hint; no line end at the end.
    var rendered: String {
        let firstColumn = max(1, excerptColumn ?? 1)
        let diagnostic = Diagnostic(
            severity: severity == .error ? .error : .warning, file: file,
            position: line > 0 ? SourcePosition(offset: 0, line: line, column: max(1, column)) : nil,
            message: message, hint: hint,
            excerpt: excerpt.map {
                Diagnostic.Excerpt(text: $0, firstColumn: firstColumn, isCutBefore: firstColumn > 1)
            }, length: max(1, length))
        return diagnostic.rendered()
    }
}
