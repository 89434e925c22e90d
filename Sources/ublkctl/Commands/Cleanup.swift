internal import ArgumentParser
internal import StatusWire

struct Cleanup: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove an orphan: a device of ours that no configuration names.",
        discussion: """
            An orphan bears the owner mark of this ublkd and serves on, but nothing looks after it; 'ublkctl \
            status --all' shows it with its number. Its worker is ended, and the disk is removed. An orphan \
            that serves and is in use is refused, with who holds it (status 5). A configured device is \
            refused: use 'ublkctl stop'. A device of another tool or instance is never touched.

            NAME is the number, the node, or the name that the orphan had in the configuration. The command \
            waits until the disk is gone; with --no-wait only until it is clear that it may go.

            Examples:
              ublkctl cleanup --dry-run 3
              ublkctl cleanup 3
            """)

    @Argument(help: ArgumentHelp("The orphan.", valueName: "name"))
    var name: String

    @Flag(name: .customLong("dry-run"), help: "Say what would be done, and do nothing.")
    var dryRun = false

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let word = DeviceWord.plain(name)
        let onlyAsks = dryRun || common.noWait
        let reply = try session.call(
            .cleanup(name: word, dryRun: onlyAsks), as: CleanupReply.self, verb: "cleanup")
        if onlyAsks && !dryRun { try session.send(.cleanup(name: word, dryRun: false)) }
        let began = onlyAsks && !dryRun ? "begun: " : ""
        return Report(
            text: printable("ublkb\(reply.device.id): \(began)\(reply.message)") + "\n",
            members: ["device": reply.device, "removed": reply.removed, "message": reply.message])
    }
}
