internal import StatusWire

extension Status {
    /// Shows the table until the command is interrupted or, where it was given, `--timeout` is over: on a
    /// terminal every second in place of the last one, elsewhere whenever something in it changed. Each look
    /// has a connection of its own, so a restart of ublkd is waited through.
    func watch(on console: Console) throws(Failure) -> Report {
        let end = Deadline(after: common.timeout)
        let redraws = console.isTerminal && !common.json
        var shown: String?
        while !console.outputFailed {
            var look = Session(options: common, console: console)
            var frame: Report
            var essence: String
            do throws(Failure) {
                let (host, devices) = try read(in: &look)
                frame = report(host, devices, console)
                essence = Self.essence(host, devices)
            } catch {
                guard error.kind == .notRunning, shown != nil else { throw error }
                frame = Report(
                    text: "ublkd is not running; waiting for it\n", failures: common.json ? [error] : [])
                essence = error.kind.rawValue
            }
            if redraws {
                // To the top left, and the rest of the screen cleared.
                frame.text = "\u{1B}[H\u{1B}[2J" + frame.text
            } else if shown != nil, !common.json {
                frame.text = "\n" + frame.text
            }
            if redraws || essence != shown { frame.write(to: console, common) }
            shown = essence
            guard !end.hasPassed else { throw Failure(.timeout, "status: the time of --timeout is over") }
            end.pause(milliseconds: 1000)
        }
        return Report(isSaid: true)
    }

    /// What of the table changes by something happening, and not by time going by or I/O being served.
    private static func essence(_ host: HostStatus, _ devices: [DeviceSummary]) -> String {
        var bare = devices
        for index in bare.indices {
            bare[index].queues = bare[index].queues.map { QueueSummary(index: $0.index, state: $0.state) }
            bare[index].nextAttempt = nil
            if let last = bare[index].lastRecovery {
                bare[index].lastRecovery = LastRecovery(
                    cause: last.cause, scope: last.scope, startedAt: bare[index].since)
            }
        }
        let others = host.foreignDevices.map { "\($0.id) \($0.owner)" }
        return "\(host.configState) \(host.configProblemCount) \(others) \(bare)"
    }
}
