internal import ArgumentParser
internal import StatusWire

struct Status: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show all devices, or some, in a table.",
        discussion: """
            One line a device: its name, its node, its state, what serves it, its size, its queues (with \
            serving/all when some do not serve), the process that serves it, how often it was recovered, and \
            the last time: the cause, how long I/O waited, and how long ago that was. Below the table stands \
            what is wrong, where something is.

            STATES
              live            serving
              degraded        serving, with a queue in trouble
              starting        on its way
              recovering      its worker is gone, a new one is on its way; I/O waits
              failed          not serving; ublkd goes on trying, or answers I/O with errors (on_give_up)
              held            not serving; waits for 'ublkctl recover'
              stopping        on its way out
              stopped         stopped by an operator, until 'ublkctl start' or a reboot
              pending-removal out of the configuration, and still in use
              absent          configured, and not there

            The table fits the terminal (or COLUMNS); in a pipe it is as wide as it needs. With names, the \
            exit status is 1 unless each of these devices is as it should be: serving, stopped by an operator, \
            or absent (autostart = false). Without names it tells only whether ublkd answered.

            Examples:
              ublkctl status --watch
              ublkctl status data --json | jq -r .devices[].state
            """)

    @Argument(
        help: ArgumentHelp("The devices; all when none is named.", valueName: "name"),
        completion: .deviceNames)
    var names: [String] = []

    @Flag(help: "Also show the ublk devices of other programs and instances.")
    var all = false

    @Flag(help: "Go on: every second on a terminal, elsewhere whenever something changed.")
    var watch = false

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        guard !watch else { return try watch(on: session.console) }
        let (host, devices) = try read(in: &session)
        return report(host, devices, session.console)
    }

    func read(in session: inout Session) throws(Failure) -> (HostStatus, [DeviceSummary]) {
        let host = try session.call(.status, as: HostStatus.self, verb: "status")
        return (host, try session.devices(named: names, verb: "status"))
    }

    func report(_ host: HostStatus, _ devices: [DeviceSummary], _ console: Console) -> Report {
        let text = StatusText.rendered(
            devices, foreign: all ? host.foreignDevices : [], host: host, now: console.now(),
            width: console.columns)
        var report = Report(text: text, members: ["host": host, "devices": devices])
        report.isUnwell = !names.isEmpty && !devices.allSatisfy(\.state.isAsAsked)
        return report
    }
}

extension DeviceState {
    /// Nothing is to be waited for or mended.
    fileprivate var isAsAsked: Bool {
        switch self {
        case .live, .degraded, .stopped, .pendingRemoval, .absent: true
        case .starting, .recovering, .failed, .held, .stopping: false
        }
    }
}
