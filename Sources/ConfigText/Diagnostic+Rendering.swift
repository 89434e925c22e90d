extension Diagnostic {
    /// `FILE:LINE:COLUMN: error: MESSAGE`, on one line.
    public var headline: String {
        let place = position.map { ":\($0.line):\($0.column)" } ?? ""
        return "\(shownText(file))\(place): \(severity.rawValue): \(message)"
    }

    /// The headline, the source line with a caret under the place, and the hint; no line end after the last.
    ///
    /// Columns are those of a terminal: tabs become spaces, wide characters count two, combining marks none,
    /// and what could move the cursor or turn the writing direction is shown as a symbol.
    /// - Parameter width: terminal columns for the text of the line; a longer one is cut around the caret.
    public func rendered(width: Int = 100) -> String {
        var text = headline
        var margin = "  "
        if let position, let excerpt {
            let number = String(position.line)
            margin = String(repeating: " ", count: max(5, number.utf8.count + 1))
            let padding = String(repeating: " ", count: margin.utf8.count - number.utf8.count)
            let shown = ShownLine(
                excerpt, caret: position.column - excerpt.firstColumn, length: length, width: max(width, 20))
            text += "\n\(padding)\(number) | \(shown.text)"
            text += "\n\(margin) | \(String(repeating: " ", count: shown.caretIndent))"
            text += String(repeating: "^", count: shown.caretWidth)
        }
        if let hint { text += "\n\(margin) = \(hint)" }
        return text
    }
}

/// One source line laid out for a terminal.
private struct ShownLine {
    private(set) var text = ""
    private(set) var caretIndent = 0
    private(set) var caretWidth = 1

    private struct Cell {
        var text: String
        var width: Int
    }

    /// - Parameters:
    ///   - caret: index of the marked scalar in the excerpt; its count where the end of the line is meant.
    ///   - length: scalars to mark.
    init(_ excerpt: Diagnostic.Excerpt, caret: Int, length: Int, width: Int) {
        let cells = Self.cells(of: excerpt.text)
        let caret = min(max(caret, 0), cells.count)
        func columns(_ range: Range<Int>) -> Int { cells[range].reduce(0) { $0 + $1.width } }

        // From the start of the line if that leaves room behind the caret, else from some way before it.
        var first = 0
        if columns(0..<cells.count) > width, columns(0..<caret) + width / 3 > width {
            first = caret
            var before = 0
            while first > 0, before + cells[first - 1].width <= width / 3 {
                first -= 1
                before += cells[first].width
            }
        }
        var last = first
        var used = 0
        while last < cells.count, used + cells[last].width <= width {
            used += cells[last].width
            last += 1
        }
        let isCutBefore = first > 0 || excerpt.isCutBefore
        text = isCutBefore ? "…" : ""
        text += cells[first..<last].map(\.text).joined()
        if last < cells.count || excerpt.isCutAfter { text += "…" }
        caretIndent = columns(first..<caret) + (isCutBefore ? 1 : 0)
        caretWidth = max(1, columns(caret..<max(caret, min(caret + length, last))))
    }

    private static func cells(of line: String) -> [Cell] {
        var cells: [Cell] = []
        var column = 0
        for scalar in line.unicodeScalars {
            var cell: Cell
            if scalar == "\t" {
                let width = 4 - column % 4
                cell = Cell(text: String(repeating: " ", count: width), width: width)
            } else {
                let shown = shownScalar(scalar)
                cell = Cell(text: String(Character(shown)), width: displayWidth(shown))
            }
            column += cell.width
            cells.append(cell)
        }
        return cells
    }
}
