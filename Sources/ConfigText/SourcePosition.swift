/// A place in a source text.
public struct SourcePosition: Hashable, Comparable, Sendable {
    /// Bytes from the start of the file, a byte order mark included.
    public let offset: Int
    /// 1 for the first line.
    public let line: Int
    /// 1 for the first Unicode scalar of the line. A byte order mark has no column.
    public let column: Int

    public init(offset: Int, line: Int, column: Int) {
        self.offset = offset
        self.line = line
        self.column = column
    }

    public static func < (a: Self, b: Self) -> Bool { a.offset < b.offset }
}

/// A stretch of a source text. It may cover several lines (an array, a multi-line string).
public struct SourceSpan: Hashable, Sendable {
    public let start: SourcePosition
    /// Bytes; 0 where something is missing.
    public let length: Int

    public init(start: SourcePosition, length: Int) {
        self.start = start
        self.length = length
    }
}

/// Turns byte offsets into lines and columns. Each question costs the distance to the one before it, so a
/// caller that moves forward through a file pays for the file once, however long its lines are.
struct PositionTracker {
    private var mark: SourcePosition
    /// Start of the line that holds `mark`: where to count from when asked for something earlier in it.
    private var lineStart: SourcePosition
    private let origin: SourcePosition

    /// - Parameter start: offset of the first character, after a byte order mark.
    init(start: Int) {
        origin = SourcePosition(offset: start, line: 1, column: 1)
        mark = origin
        lineStart = origin
    }

    mutating func position(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
        if offset < mark.offset {
            if offset < lineStart.offset { lineStart = origin }
            mark = lineStart
        }
        var line = mark.line
        var column = mark.column
        var index = mark.offset
        let end = min(offset, bytes.count)
        while index < end {
            let byte = bytes[index]
            index += 1
            if byte == Byte.newline {
                line += 1
                column = 1
                lineStart = SourcePosition(offset: index, line: line, column: 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        mark = SourcePosition(offset: max(index, mark.offset), line: line, column: column)
        return mark
    }
}
