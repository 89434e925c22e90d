import Foundation
import Testing

let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

func text(of file: String) throws -> String {
    try String(contentsOf: repository.appendingPathComponent(file), encoding: .utf8)
}

/// An mdoc page as far as the tests look at it: its sections, the list items in them, and the words of macros.
struct ManualPage {
    struct Item {
        let section: String
        /// The macro behind `.It`: `Ic`, `Li`, `Fl`.
        let macro: String
        let word: String
        /// What stands behind `No = Li`.
        let value: String?
        /// The item's lines, its own one included.
        var lines: [String]
    }

    let lines: [String]
    let items: [Item]

    init(_ file: String) throws {
        lines = try text(of: file).split(separator: "\n").map(String.init).filter { !$0.hasPrefix(".\\\"") }
        var section = ""
        var items: [Item] = []
        for line in lines {
            if line.hasPrefix(".Sh ") { section = String(line.dropFirst(4)) }
            guard line.hasPrefix(".It ") else {
                if items.last?.section == section { items[items.count - 1].lines.append(line) }
                continue
            }
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2 else { continue }
            let sign = words.firstIndex(of: "=").map { words[($0 + 2)...].joined(separator: " ") }
            items.append(
                Item(
                    section: section, macro: words[1], word: words[2],
                    value: sign?.replacingOccurrences(of: "\\(dq", with: "\""), lines: [line]))
        }
        self.items = items
    }

    func words(_ macro: String, in section: String) -> [String] {
        items.filter { $0.section == section && $0.macro == macro }.map(\.word)
    }

    /// Every long option that a `Fl` in these lines names.
    static func options(in lines: [String]) -> Set<String> {
        var found: Set<String> = []
        for line in lines where line.hasPrefix(".") {
            let words = line.split(separator: " ").map(String.init)
            for (index, word) in words.enumerated() where word == "Fl" || word == ".Fl" {
                if index + 1 < words.count { found.insert(String(words[index + 1].drop { $0 == "-" })) }
            }
        }
        return found
    }
}
