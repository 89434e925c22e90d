/// The command line of ublkd.
struct Options {
    var config = "/etc/ublkd/ublkd.toml"
    var runtimeDirectory = "/run/ublkd"
    var worker = "/usr/libexec/ublkd/ublkd-worker"
    /// The host goes down: devices are stopped as they become unused.
    var isShutdown = false

    enum Parsed {
        case run(Options)
        case help
        case version
        case wrong(String)
    }

    /// Where state that outlives a reboot lies. A ublkd with a runtime directory of its own is a trial or a
    /// second instance: it keeps its state there, apart from the host's.
    var stateDirectory: String {
        runtimeDirectory == Options().runtimeDirectory ? "/var/lib/ublkd" : runtimeDirectory
    }

    static func parse(_ arguments: [String]) -> Parsed {
        var options = Options()
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            let name = parts.first ?? ""
            switch name {
            case "--help", "-h": return .help
            case "--version": return .version
            case "--shutdown": options.isShutdown = true
            case "--config", "--runtime-dir", "--worker":
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    return .wrong("\(name) needs a value")
                }
                switch name {
                case "--config": options.config = value
                case "--runtime-dir": options.runtimeDirectory = value
                default: options.worker = value
                }
            default: return .wrong("unknown argument '\(argument)'")
            }
        }
        return .run(options)
    }

    static let help = """
        ublkd [--config FILE] [--runtime-dir DIR] [--worker PATH] [--shutdown]

        Serves the block devices of a configuration file: one worker process a device, recovered when it
        dies. Runs in the foreground; SIGHUP reloads the configuration, SIGTERM ends ublkd and leaves the
        devices serving until it is started again.

          --config FILE      configuration (default /etc/ublkd/ublkd.toml; drop-ins lie in devices.d beside it)
          --runtime-dir DIR  socket, lock and device records (default /run/ublkd)
          --worker PATH      the worker program (default /usr/libexec/ublkd/ublkd-worker)
          --shutdown         the host goes down (ublkd-shutdown.service): takes the place of the ublkd that runs, stops
                             each device when its last user is gone, after `shutdown_grace` those in use, and ends
          --version, --help

        Exit status: 0 ended by a signal; 69 no ublk driver; 75 another ublkd runs here; 78 configuration.
        """
}
