internal import ArgumentParser
internal import BlockABI

/// The root command: it holds the verbs and the options that stand before them.
struct Ublkctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ublkctl",
        abstract: "Look at and steer the block devices of ublkd.",
        discussion: """
            Everybody may look (status, list, wait), and check a configuration he can read. Everything else is \
            for root and members of group ublkd.

            NAME is a device's name in the configuration, or N, ublkbN or a path of its node: data, 3, \
            ublkb3, /dev/ublkb3 and /dev/ublk/by-name/data can all be the same disk.

            EXIT STATUS
              0   done, and every device asked for is as asked (degraded counts as live)
              1   it failed, or a device is not as asked
              2   wrong usage
              3   ublkd is not running
              4   no such device
              5   busy: a device is in use
              77  not permitted
              78  the configuration has errors
              124 out of time
            Several devices that failed in different ways: 1.

            FILES
              /run/ublkd/org.ublkd  the socket of ublkd (Varlink)

            With --json the answer is one object on standard output, an error too: it has the member "error" \
            then. Members are only ever added.
            """,
        version: "ublkctl \(ProductVersion.text)",
        subcommands: [
            Status.self, List.self, Show.self, Plan.self, Reload.self, Start.self, Stop.self, Restart.self,
            Recover.self, Upgrade.self, Wait.self, Events.self, Check.self, Cleanup.self,
        ])

    @OptionGroup(title: "Global options") var common: CommonOptions

    func run() throws {
        throw ValidationError("no command given")
    }
}
