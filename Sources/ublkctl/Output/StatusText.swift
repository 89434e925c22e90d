internal import StatusWire

/// What `ublkctl status` prints.
enum StatusText {
    static func rendered(
        _ devices: [DeviceSummary], foreign: [ForeignDevice] = [], host: HostStatus, now: Timestamp,
        width: Int? = nil
    ) -> String {
        var table = Table(columns: columns)
        table.rows = devices.map { row($0, now) } + foreign.map(row)
        let notes = notes(devices, foreign, host)
        return table.rendered(width: width)
            + (notes.isEmpty ? "" : "\n" + notes.joined(separator: "\n") + "\n")
    }

    private static var columns: [Table.Column] {
        [
            Table.Column(title: "NAME", leastWidth: 12), Table.Column(title: "DEVICE"),
            Table.Column(title: "STATE"), Table.Column(title: "TARGET", titleMayBeCut: true),
            Table.Column(title: "SIZE", alignsRight: true),
            Table.Column(title: "QUEUES", alignsRight: true, titleMayBeCut: true),
            Table.Column(title: "PID", alignsRight: true),
            Table.Column(title: "RECOVERIES", alignsRight: true, titleMayBeCut: true),
            Table.Column(title: "LAST-RECOVERY", leastWidth: 8),
        ]
    }

    private static func row(_ device: DeviceSummary, _ now: Timestamp) -> [String] {
        [
            device.name, device.id.map { "ublkb\($0)" } ?? "-", device.state.rawValue, device.target,
            device.size.map(sizeText) ?? "-", queues(device), device.workerPid.map(String.init) ?? "-",
            String(device.recoveries), device.lastRecovery.map { lastRecovery($0, now) } ?? "-",
        ]
    }

    private static func row(_ device: ForeignDevice) -> [String] {
        [
            "-", "ublkb\(device.id)", device.owner.rawValue, "-", device.size.map(sizeText) ?? "-",
            device.queues.map(String.init) ?? "-", device.serverPid.map(String.init) ?? "-", "-", "-",
        ]
    }

    /// How many there are, and before it how many serve when that is not all.
    private static func queues(_ device: DeviceSummary) -> String {
        guard !device.queues.isEmpty else { return "-" }
        let serving = device.queues.count { $0.state == .serving }
        let all = device.queues.count
        return serving == all || !device.state.serves ? "\(all)" : "\(serving)/\(all)"
    }

    /// Cause, downtime and age, the most telling first: the end is cut when room is short.
    static func lastRecovery(_ recovery: LastRecovery, _ now: Timestamp) -> String {
        let cause = recovery.cause.rawValue
        guard let downtime = recovery.downtimeSeconds else { return "\(cause) now" }
        return "\(cause) \(spanText(seconds: downtime)) \(age(recovery.startedAt, now)) ago"
    }

    static func age(_ moment: Timestamp, _ now: Timestamp) -> String {
        // Whole seconds: an age to the millisecond would only flicker.
        spanText(seconds: now.seconds(since: moment).rounded(.down))
    }

    private static func notes(
        _ devices: [DeviceSummary], _ foreign: [ForeignDevice], _ host: HostStatus
    ) -> [String] {
        var notes: [String] = []
        if host.configState != .current {
            let problems = counted(host.configProblemCount, "problem")
            let force =
                host.configState == .lastGood
                ? "the last good one is in force" : "and there is no good one to go by"
            notes.append(
                "configuration: \(problems), \(force); 'ublkctl check' shows what is wrong")
        }
        for device in devices {
            if let note = note(device) { notes.append(printable(note)) }
        }
        for device in foreign where !device.message.isEmpty {
            notes.append(printable("ublkb\(device.id): \(device.message)"))
        }
        return notes
    }

    /// Why a device is as it is, where there is something to say.
    static func note(_ device: DeviceSummary) -> String? {
        let reason = device.reason == .none ? nil : device.reason.rawValue
        guard reason != nil || !device.message.isEmpty else { return nil }
        var text = "\(device.name): \(device.state.rawValue)"
        if let reason { text += " (\(reason))" }
        if !device.message.isEmpty { text += ": \(device.message)" }
        return text
    }
}
