internal import ArgumentParser
internal import StatusWire

struct Restart: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop devices, start them again and wait until they serve.",
        discussion: """
            The disk is removed and made anew under the same number, so a device that is in use is refused: \
            the answer names who holds it (status 5). One that is stopped or failed is started. The contents \
            of a 'memory' device are lost, as by 'ublkctl stop'.

            To replace the worker of a device in use, with I/O that waits meanwhile, use 'ublkctl recover'.

            Examples:
              ublkctl restart data
              ublkctl restart --all --timeout 2min
            """)

    @OptionGroup var which: WhichDevices
    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let devices = try which.resolve(in: &session, verb: "restart")
        guard !devices.isEmpty else { return Report(members: ["outcomes": [DeviceOutcome]()]) }
        return try Change(verb: "restart", goal: .started)
            .carryOut(.restart(names: devices.map(\.name)), on: devices, in: &session)
    }
}
