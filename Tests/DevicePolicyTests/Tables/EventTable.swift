/// The rows of the table: `event: effects → state (reason)`, in the words of Wording.swift and Arrival.swift. `+x`
/// arms timer x.
enum EventTable {
    static let rows: [Situation: [String: String]] = {
        var rows: [Situation: [String: String]] = [:]
        for group in [rest, starting, serving, recovering, stopping, failed] {
            for (situation, text) in group { rows[situation] = parse(text) }
        }
        return rows
    }()

    private static func parse(_ text: String) -> [String: String] {
        var rows: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let words = line[line.index(after: colon)...].drop { $0 == " " }
            rows[String(line[..<colon])] = String(words)
        }
        return rows
    }
}
