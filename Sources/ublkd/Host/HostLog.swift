import DevicePolicy
import LinuxSys
import Systemd

/// The only place that logs: the journal under systemd, stderr elsewhere.
final class HostLog {
    private let toJournal: Bool
    /// Lines of one device in the present second, so that a crash loop cannot fill the disk.
    private var budget: [String: (second: UInt64, lines: Int, dropped: Int)] = [:]
    private static let linesASecond = 20

    init() { toJournal = Journal.isStandardError }

    func write(_ level: LogLevel, _ text: String, device: String? = nil) {
        guard level < .debug else { return }
        if let device, !admit(device) { return }
        if toJournal {
            var fields = ["SYSLOG_IDENTIFIER": "ublkd"]
            if let device { fields["UBLKD_DEVICE"] = device }
            Journal.send(priority: level.rawValue, message: line(text, device), fields: fields)
        } else {
            StandardStream.writeError("ublkd: \(level.prefix)\(line(text, device))\n")
        }
    }

    private func line(_ text: String, _ device: String?) -> String { device.map { "\($0): \(text)" } ?? text }

    private func admit(_ device: String) -> Bool {
        let second = Clock.monotonic() / 1_000_000_000
        var entry = budget[device] ?? (second, 0, 0)
        if entry.second != second {
            let dropped = entry.dropped
            entry = (second, 0, 0)
            budget[device] = entry
            if dropped > 0 { write(.warning, "\(dropped) lines of the log were left out", device: device) }
            entry = budget[device] ?? entry
        }
        entry.lines += 1
        let admitted = entry.lines <= Self.linesASecond
        if !admitted { entry.dropped += 1 }
        budget[device] = entry
        return admitted
    }
}

extension LogLevel {
    fileprivate var prefix: String {
        switch self {
        case .error: "error: "
        case .warning: "warning: "
        default: ""
        }
    }
}
