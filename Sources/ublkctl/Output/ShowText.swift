internal import StatusWire

/// What `ublkctl show` prints: everything of one device, then its queues.
enum ShowText {
    static func rendered(_ device: DeviceDetail, now: Timestamp, width: Int? = nil) -> String {
        var fields = Fields()
        let summary = device.summary
        fields.add("name", summary.name)
        fields.add("device", summary.node ?? summary.id.map { "ublkb\($0), no node" })
        state(summary, device, now, into: &fields)
        fields.add("worker", worker(device))
        fields.add("target", summary.target)
        fields.add("path", device.path)
        fields.add("size", summary.size.map { "\(sizeText($0)) (\($0) bytes)" })
        geometry(device, into: &fields)
        fields.add("recoveries", String(summary.recoveries))
        recovery(summary, now, into: &fields)
        for warning in device.warnings { fields.add("warning", warning) }
        fields.add("owner", device.cookie.isEmpty ? nil : "\(summary.owner.rawValue), mark \(device.cookie)")
        fields.add("flags", device.flags.isEmpty ? nil : device.flags.joined(separator: " "))

        var text = fields.rendered()
        if !device.options.isEmpty {
            text += "\noptions in force:\n"
            for (key, value) in device.options.sorted(by: { $0.key < $1.key }) {
                text += printable("  \(key) = \(value)") + "\n"
            }
        }
        if !summary.queues.isEmpty {
            text += "\n" + queues(summary.queues, now).rendered(width: width)
            for queue in summary.queues {
                guard let error = queue.lastError else { continue }
                text += printable("queue \(queue.index): last error: \(error)") + "\n"
            }
        }
        return text
    }

    private static func state(
        _ summary: DeviceSummary, _ device: DeviceDetail, _ now: Timestamp, into fields: inout Fields
    ) {
        let age = StatusText.age(summary.since, now)
        fields.add("state", "\(summary.state.rawValue) for \(age), since \(summary.since)")
        fields.add("kernel state", summary.kernelState?.rawValue)
        fields.add("reason", summary.reason == .none ? nil : summary.reason.rawValue)
        let message = device.detailMessage.isEmpty ? summary.message : device.detailMessage
        fields.add("message", message.isEmpty ? nil : message)
        fields.add("next attempt", summary.nextAttempt?.description)
    }

    private static func worker(_ device: DeviceDetail) -> String? {
        guard let pid = device.summary.workerPid else { return nil }
        guard let memory = device.memory else { return "pid \(pid)" }
        return "pid \(pid), \(sizeText(memory.residentBytes)) resident, "
            + "\(sizeText(memory.lockedBytes)) locked"
    }

    private static func geometry(_ device: DeviceDetail, into fields: inout Fields) {
        if let geometry = device.geometry {
            fields.add("queues", "\(geometry.queues) of depth \(geometry.queueDepth)")
            fields.add(
                "block size",
                "\(geometry.blockSize) logical, \(geometry.physicalBlockSize) physical, "
                    + "requests up to \(sizeText(UInt64(max(0, geometry.maxIO))))")
        }
        guard let modes = device.modes else { return }
        var words = ["I/O \(modes.io)", "recovery \(modes.recovery)"]
        words.append(device.directIO ? "direct" : "buffered")
        if modes.readOnly { words.append("read-only") }
        if modes.discard { words.append("discard") }
        fields.add("modes", words.joined(separator: ", "))
    }

    private static func recovery(_ summary: DeviceSummary, _ now: Timestamp, into fields: inout Fields) {
        guard let last = summary.lastRecovery else { return }
        let downtime = last.downtimeSeconds.map { "\(spanText(seconds: $0)) down" } ?? "not over yet"
        fields.add(
            "last recovery",
            "\(last.cause.rawValue), of the \(last.scope.rawValue), \(downtime), \(last.startedAt) "
                + "(\(StatusText.age(last.startedAt, now)) ago)")
        guard let steps = last.steps, let start = steps.detected else { return }
        let marks: [(String, Double?)] = [
            ("start sent", steps.startSent), ("start accepted", steps.startAccepted),
            ("end sent", steps.endSent), ("attach sent", steps.attachSent), ("fetched", steps.fetched),
            ("live", steps.live), ("first I/O", steps.firstIO),
        ]
        let words = marks.compactMap { name, time in
            time.map { "\(name) +\(milliseconds($0 - start))ms" }
        }
        fields.add("its steps", words.isEmpty ? nil : "detected, " + words.joined(separator: ", "))
    }

    /// With one decimal: the steps are that close together.
    private static func milliseconds(_ seconds: Double) -> String {
        let tenths = Int64((min(max(seconds, 0), 1e9) * 10_000).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func queues(_ queues: [QueueSummary], _ now: Timestamp) -> Table {
        let numbers = ["INFLIGHT", "READS", "WRITES", "READ", "WRITTEN", "ERRORS", "RECOVERIES"]
        var table = Table(
            columns: [
                Table.Column(title: "QUEUE", alignsRight: true),
                Table.Column(title: "TID", alignsRight: true),
                Table.Column(title: "STATE"),
            ] + numbers.map { Table.Column(title: $0, alignsRight: true, titleMayBeCut: true) } + [
                Table.Column(title: "LAST-PROGRESS")
            ])
        table.rows = queues.map { queue in
            [
                "\(queue.index)", queue.tid.map(String.init) ?? "-", queue.state.rawValue,
                "\(queue.inflight)",
                "\(queue.reads)", "\(queue.writes)", sizeText(queue.readBytes), sizeText(queue.writeBytes),
                "\(queue.errors)", "\(queue.recoveries)",
                queue.lastProgressAt.map { StatusText.age($0, now) + " ago" } ?? "-",
            ]
        }
        return table
    }
}

/// Names and values in two columns.
private struct Fields {
    private var lines: [(String, String)] = []

    /// A value that is nil has no line.
    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, printable(value))) }
    }

    func rendered() -> String {
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { name, value in
            name + ":" + String(repeating: " ", count: width - name.count + 1) + value + "\n"
        }.joined()
    }
}
