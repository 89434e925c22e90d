import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

/// The only place that logs: the journal under systemd, stderr elsewhere.
final class HostLog {
    /// Nil: this is no service, and standard error is read by somebody.
    private let journal: Journal?
    /// Lines of one device in the present second, so that a crash loop cannot fill the disk. What is an error, or trouble
    /// that a program may wait for, is written all the same: that a device was given up is said once.
    private var budget: [String: (second: UInt64, lines: Int, dropped: Int)] = [:]
    private static let linesASecond = 20

    init() { journal = Journal.isStandardError ? Journal() : nil }

    func write(_ level: LogLevel, _ text: String, device: String? = nil) {
        guard level < .debug else { return }
        if let device, !admit(device), level > .error { return }
        if let journal {
            var fields = ["SYSLOG_IDENTIFIER": "ublkd"]
            if let device { fields["UBLKD_DEVICE"] = device }
            journal.send(priority: level.rawValue, message: line(text, device), fields: fields)
        } else {
            StandardStream.writeError("ublkd: \(level.prefix)\(line(text, device))\n")
        }
    }

    /// An entry of the journal that a program can wait for by its MESSAGE_ID; nothing elsewhere, where no program could.
    /// `id`: the number of the disk.
    func write(_ event: EventDraft, device: String?, id: UInt32?) {
        guard let journal else { return }
        let level: LogLevel = event.kind.isTrouble ? .warning : .info
        if let device, !admit(device), !event.kind.isGivenUp { return }
        var fields = ["SYSLOG_IDENTIFIER": "ublkd", "UBLKD_EVENT": event.kind.rawValue]
        if let message = event.kind.messageID { fields["MESSAGE_ID"] = message }
        if let device { fields["UBLKD_DEVICE"] = device }
        if let id { fields["UBLKD_ID"] = "\(id)" }
        if let cause = event.cause { fields["UBLKD_CAUSE"] = cause.rawValue }
        if let seconds = event.downtimeSeconds { fields["UBLKD_DOWNTIME_USEC"] = "\(Int(seconds * 1e6))" }
        journal.send(priority: level.rawValue, message: line(event.message, device), fields: fields)
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
