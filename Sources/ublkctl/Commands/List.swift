internal import ArgumentParser
internal import StatusWire

struct List: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the names of all devices, one a line.",
        discussion: """
            Devices that are configured and those that still wait for their removal, in alphabetical order. \
            With --json the names are in the member "names".
            """)

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let names = try session.devices(verb: "list").map(\.name)
        return Report(text: names.map { $0 + "\n" }.joined(), members: ["names": names])
    }
}
