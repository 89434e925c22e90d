/// Something to say about a file, complete enough to be shown, sent or stored without it.
public struct Diagnostic: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable {
        case error, warning
    }

    /// The part of the line that the position is in.
    public struct Excerpt: Hashable, Sendable {
        public let text: String
        /// Column of the first scalar of `text`; more than 1 only where a very long line was cut.
        public let firstColumn: Int
        public let isCutBefore: Bool
        public let isCutAfter: Bool

        public init(text: String, firstColumn: Int = 1, isCutBefore: Bool = false, isCutAfter: Bool = false) {
            self.text = text
            self.firstColumn = firstColumn
            self.isCutBefore = isCutBefore
            self.isCutAfter = isCutAfter
        }
    }

    public let severity: Severity
    public let file: String
    /// nil: the file as a whole (it cannot be read, say).
    public let position: SourcePosition?
    public let message: String
    /// What to do about it, or where to look.
    public let hint: String?
    public let excerpt: Excerpt?
    /// Unicode scalars to mark, at least 1.
    public let length: Int

    public init(
        severity: Severity, file: String, position: SourcePosition?, message: String, hint: String? = nil,
        excerpt: Excerpt? = nil, length: Int = 1
    ) {
        self.severity = severity
        self.file = file
        self.position = position
        self.message = message
        self.hint = hint
        self.excerpt = excerpt
        self.length = length
    }

    /// About a file as a whole.
    public init(_ severity: Severity = .error, file: String, _ message: String, hint: String? = nil) {
        self.init(severity: severity, file: file, position: nil, message: message, hint: hint)
    }

    /// More than this many are not reported: whoever has fifty errors starts with the first.
    public static var limit: Int { 50 }
}
