internal import StatusWire

/// What `ublkctl events` prints: one line an event. Columns are as wide as most events need, for a stream has
/// no last line to measure.
enum EventText {
    static func rendered(_ events: [EventRecord]) -> String {
        events.map(line).joined()
    }

    private static func line(_ event: EventRecord) -> String {
        let words = [
            String(repeating: " ", count: max(0, 5 - "\(event.seq)".count)) + "\(event.seq)",
            event.time.description, padded(event.device ?? "-", 12), padded(event.kind.rawValue, 12),
            event.message,
        ]
        return printable(words.joined(separator: "  ")) + "\n"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
