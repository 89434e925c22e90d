internal import ArgumentParser

/// The options that every command takes, before its name and after it.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Answer with one JSON object on standard output, errors included.")
    var json = false

    @Option(
        help: ArgumentHelp("The socket of ublkd.", valueName: "path"), completion: .file())
    var socket = "/run/ublkd/org.ublkd"

    @Option(
        help: ArgumentHelp(
            "How long the whole command may take: 250ms, 5min; a bare number is seconds. (default: 30s; "
                + "none for --follow and --watch)", valueName: "time"))
    var timeout: TimeSpan?

    @Flag(name: .customLong("no-wait"), help: "Do not wait until the devices are as asked.")
    var noWait = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    /// How long a command that comes to an end by itself may take.
    var limit: TimeSpan { timeout ?? TimeSpan(milliseconds: 30_000) }

    func validate() throws {
        // sun_path has 108 bytes, and its last is a NUL.
        guard !socket.isEmpty, socket.utf8.count < 108 else {
            throw ValidationError("--socket: a path of 1 to 107 bytes is wanted")
        }
    }
}
