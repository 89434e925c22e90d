/// Plain columns of text under their titles.
struct Table {
    struct Column {
        let title: String
        var alignsRight = false
        /// Width that its cells may be cut down to when room is short; nil: they are never cut.
        var leastWidth: Int?
        /// Whether its title may be cut to the width of its cells when room is short.
        var titleMayBeCut = false
    }

    let columns: [Column]
    var rows: [[String]] = []

    /// - Parameter width: characters a line may have; nil: as many as it takes. What is cut ends in `~`;
    ///   what does not fit even so runs over.
    func rendered(width: Int? = nil) -> String {
        var layout = Layout(columns: columns, rows: rows)
        if let width { layout.fit(into: width) }
        return ([columns.map(\.title)] + rows).map { layout.line($0) + "\n" }.joined()
    }
}

/// The widths of a table's columns and of the gap between them.
private struct Layout {
    private let columns: [Table.Column]
    private let widestCells: [Int]
    private var widths: [Int]
    private var gap = 2

    init(columns: [Table.Column], rows: [[String]]) {
        self.columns = columns
        let widest = columns.indices.map { index in rows.map { $0[index].count }.max() ?? 0 }
        widestCells = widest
        widths = columns.indices.map { max(columns[$0].title.count, widest[$0]) }
    }

    /// The least harmful first: the last column down to its title, narrow gaps, other long cells, titles.
    mutating func fit(into width: Int) {
        shrink(to: width) { layout, index in
            guard index == layout.columns.count - 1 else { return nil }
            return layout.columns[index].leastWidth.map { max($0, layout.columns[index].title.count) }
        }
        if excess(over: width) > 0 { gap = 1 }
        shrink(to: width) { layout, index in layout.columns[index].leastWidth }
        shrink(to: width) { layout, index in
            layout.columns[index].titleMayBeCut ? max(4, layout.widestCells[index]) : nil
        }
    }

    private func excess(over width: Int) -> Int {
        widths.reduce(0, +) + gap * (widths.count - 1) - width
    }

    /// Takes what is too much from the last column on, each down to its floor; nil leaves a column alone.
    private mutating func shrink(to width: Int, floor: (Layout, Int) -> Int?) {
        for index in columns.indices.reversed() {
            let excess = excess(over: width)
            guard excess > 0 else { return }
            guard let floor = floor(self, index), widths[index] > floor else { continue }
            widths[index] = max(floor, widths[index] - excess)
        }
    }

    func line(_ cells: [String]) -> String {
        var line = ""
        for index in columns.indices {
            let cell = cut(cells[index], to: widths[index])
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            line += columns[index].alignsRight ? padding + cell : cell + padding
            line += String(repeating: " ", count: gap)
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    private func cut(_ cell: String, to width: Int) -> String {
        cell.count <= width ? cell : cell.prefix(width - 1) + "~"
    }
}
