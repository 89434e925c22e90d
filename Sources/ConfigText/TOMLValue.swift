/// A value of the tree.
public enum TOMLValue: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case offsetDateTime(LocalDateTime, offset: TimeOffset)
    case localDateTime(LocalDateTime)
    case localDate(LocalDate)
    case localTime(LocalTime)
    case array([TOMLNode])
    case table(TOMLTable)
    /// The text of the value did not parse; a diagnostic says why. It stands here so that whoever reads the
    /// tree does not miss the key as well.
    case invalid

    /// As messages name it, with its article.
    public var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a float"
        case .boolean: "a boolean"
        case .offsetDateTime, .localDateTime: "a date and time"
        case .localDate: "a date"
        case .localTime: "a time"
        case .array: "an array"
        case .table: "a table"
        case .invalid: "an unreadable value"
        }
    }
}

/// A value and where it stands.
public struct TOMLNode: Hashable, Sendable {
    public let value: TOMLValue
    /// A table made by a header: the header. One that only a longer header or a dotted key implies: that key.
    public let span: SourceSpan

    public init(value: TOMLValue, span: SourceSpan) {
        self.value = value
        self.span = span
    }
}

/// A key and where it stands, quotes included in the span but not in the name.
public struct TOMLKey: Hashable, Sendable {
    public let name: String
    public let span: SourceSpan

    public init(name: String, span: SourceSpan) {
        self.name = name
        self.span = span
    }
}
