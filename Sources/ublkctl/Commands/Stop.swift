internal import ArgumentParser
internal import StatusWire

struct Stop: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop devices and wait until they are gone.",
        discussion: """
            A device that is in use is not stopped: the answer names who holds it (status 5). With --force it \
            is stopped all the same, and the I/O of its users fails. A device that is not there already \
            counts as done.

            A stopped device stays stopped, through restarts of ublkd and reloads, until 'ublkctl start' or a \
            reboot. To end ublkd itself and leave its devices serving, use 'systemctl stop ublkd'.
            """)

    @OptionGroup var which: WhichDevices

    @Flag(help: "Stop a device that is in use too; the I/O of its users fails.")
    var force = false

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let devices = try which.resolve(in: &session, verb: "stop")
        guard !devices.isEmpty else { return Report(members: ["outcomes": [DeviceOutcome]()]) }
        return try Change(verb: "stop", goal: .stopped, forceHelps: !force)
            .carryOut(.stop(names: devices.map(\.name), force: force), on: devices, in: &session)
    }
}
