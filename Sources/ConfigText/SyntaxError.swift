/// What is wrong with one statement. The parser goes on at the next line.
struct SyntaxError: Error {
    let span: SourceSpan
    let message: String
    let hint: String?
    /// Where to go on when that is not the next line: what follows a bracket that was never closed is read
    /// as if it had been.
    var resumeOffset: Int?
    /// The cause has been told already.
    var isReported = false

    init(_ span: SourceSpan, _ message: String, hint: String? = nil, resumeOffset: Int? = nil) {
        self.span = span
        self.message = message
        self.hint = hint
        self.resumeOffset = resumeOffset
    }
}
