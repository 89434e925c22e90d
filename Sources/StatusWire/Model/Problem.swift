/// One finding in a configuration file.
public struct Problem: Codable, Sendable, Equatable {
    public enum Severity: String, Codable, Sendable, CaseIterable {
        case error
        case warning
    }

    public var severity: Severity
    public var file: String
    /// From 1; 0: the file as a whole.
    public var line: Int
    /// In Unicode scalars from 1; 0: the file as a whole.
    public var column: Int
    /// How many scalars the finding spans from `column` on; at least 1.
    public var length: Int
    public var message: String
    /// The line itself, or the part of it around the finding; nil when there is none to show.
    public var excerpt: String?
    /// Column of the first scalar of `excerpt`, where a long line was cut; nil: 1.
    public var excerptColumn: Int?
    /// What to do, such as the nearest known name.
    public var hint: String?

    public init(
        severity: Severity = .error, file: String, line: Int = 0, column: Int = 0, length: Int = 1,
        message: String, excerpt: String? = nil, excerptColumn: Int? = nil, hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.length = length
        self.message = message
        self.excerpt = excerpt
        self.excerptColumn = excerptColumn
        self.hint = hint
    }
}
