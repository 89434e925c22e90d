internal import StatusWire

/// What `start`, `stop`, `restart`, `recover`, `upgrade` and `wait` print: one line a device.
enum OutcomeText {
    static func rendered(_ outcomes: [DeviceOutcome]) -> String {
        outcomes.map { outcome in
            let message = outcome.message.map { ": \($0)" } ?? ""
            return printable("\(outcome.name): \(outcome.state.rawValue)\(message)") + "\n"
        }.joined()
    }
}
