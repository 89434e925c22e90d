internal import ArgumentParser
internal import StatusWire

struct Start: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start devices and wait until they serve.",
        discussion: """
            A device that serves already is left alone, which counts as done. A device that was stopped \
            stays so until it is started again or the host reboots; this is how.

            The command ends when every device is live (or degraded), when one of them ended elsewhere, or \
            when --timeout is over (status 124; ublkd goes on). With --no-wait it ends as soon as ublkd has \
            accepted the request.
            """)

    @OptionGroup var which: WhichDevices
    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let devices = try which.resolve(in: &session, verb: "start")
        guard !devices.isEmpty else { return Report(members: ["outcomes": [DeviceOutcome]()]) }
        return try Change(verb: "start", goal: .started)
            .carryOut(.start(names: devices.map(\.name)), on: devices, in: &session)
    }
}
