internal import Glibc
internal import LinuxSys

@main enum Main {
    static func main() { begin(Array(CommandLine.arguments.dropFirst())) }

    private nonisolated static func begin(_ arguments: [String]) -> Never {
        switch arguments.first {
        case nil: runWorker()
        case "agent": runAgent()
        case "filler": runFiller(Array(arguments.dropFirst()))
        case "--version": say("ublkd-worker \(Version.text)\n", to: 1, exit: 0)
        case "--help", "-h": say(help, to: 1, exit: 0)
        default: say(help, to: 2, exit: 2)
        }
    }

    private nonisolated static var help: String {
        """
        ublkd-worker serves one ublk device. ublkd starts it; it does nothing useful by itself.

          ublkd-worker             the worker of a device, over a socket on descriptor \
        \(ChildProtocol.socketDescriptor)
          ublkd-worker agent       control commands for ublkd, over the same
          ublkd-worker --version   the version
          ublkd-worker --help      this text

        """
    }
}

/// Writes `text` and ends the process.
func say(_ text: String, to descriptor: Int32, exit status: Int32) -> Never {
    _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    exit(status)
}
