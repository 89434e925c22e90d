internal import StatusWire

extension Problem {
    /// Place and message, the line with a caret under the place, and the hint; no line end after the last.
    var rendered: String {
        var place = file
        if line > 0 { place += ":\(line)" }
        if line > 0, column > 0 { place += ":\(column)" }
        var lines = ["\(place): \(severity.rawValue): \(message)"]
        if line > 0, let excerpt {
            let number = String(line)
            let margin = String(repeating: " ", count: max(5, number.count + 1))
            lines.append(margin.dropLast(number.count) + number + " | " + excerpt)
            // Tabs before the place stay tabs, so that the caret stands under it.
            let before = excerpt.unicodeScalars.prefix(max(0, column - 1)).map { $0 == "\t" ? "\t" : " " }
            lines.append(margin + " | " + before.joined() + String(repeating: "^", count: max(1, length)))
        }
        if let hint { lines.append("      = \(hint)") }
        return lines.map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { printable(String($0)) }
                .joined(separator: "\t")
        }.joined(separator: "\n")
    }
}
