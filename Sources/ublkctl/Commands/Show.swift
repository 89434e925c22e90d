internal import ArgumentParser
internal import StatusWire

struct Show: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show everything of one device, each queue included.",
        discussion: """
            The state with its cause, the worker, the backend's path, the geometry, the options in force with \
            their defaults, the steps of the last recovery, and a line for each queue: requests in flight, \
            served and failed since the device was started.

            Paths are shown here, so this is for root and members of group ublkd.
            """)

    @Argument(help: ArgumentHelp("The device.", valueName: "name"), completion: .deviceNames)
    var name: String

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let name = try session.devices(named: [name], verb: "show").first?.name ?? name
        let device = try session.call(.show(name: name), as: ShowReply.self, verb: "show").device
        let text = ShowText.rendered(device, now: session.console.now(), width: session.console.columns)
        return Report(text: text, members: ["device": device])
    }
}
