import BlockABI
import ConfigText
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

/// From the command line to the running supervisor, and the exit codes of everything that prevents it.
enum Ublkd {
    private enum Exit {
        static let noDriver: Int32 = 69
        static let software: Int32 = 70
        static let running: Int32 = 75
        static let configuration: Int32 = 78
        static let usage: Int32 = 2
    }

    static func run(_ arguments: [String]) -> Int32 {
        if let role = Assistant(arguments) { return role.run() }
        switch Options.parse(arguments) {
        case .help:
            StandardStream.writeOutput(Options.help + "\n")
            return 0
        case .version:
            StandardStream.writeOutput("ublkd \(ProductVersion.text)\n")
            return 0
        case .wrong(let problem):
            StandardStream.writeError("ublkd: \(problem)\n\n\(Options.help)\n")
            return Exit.usage
        case .run(let options):
            return supervise(options)
        }
    }

    private static func supervise(_ options: Options) -> Int32 {
        let log = HostLog()
        Host.takePrecedence()
        do throws(Errno) {
            let state = StateStore(
                runtimeDirectory: options.runtimeDirectory, stateDirectory: options.stateDirectory,
                bootID: try bootID())
            try state.prepare()
            let lock =
                try options.isShutdown ? Succession.lock(state.lockPath, log) : FileLock(path: state.lockPath)
            defer { withExtendedLifetime(lock) {} }
            let inherited = FdStore(Notify()).inherited(log: log)
            switch choose(options, state, log) {
            case .success(let chosen): return serve(options, chosen, state, inherited, log)
            case .failure(let stop): return stop.code
            }
        } catch {
            guard error == .busy else {
                log.write(.error, "\(options.runtimeDirectory) cannot be used: \(error)")
                return Exit.software
            }
            let holder =
                FileLock.holder(path: options.runtimeDirectory + "/lock").map { " (process \($0))" } ?? ""
            log.write(.error, "another ublkd\(holder) runs with \(options.runtimeDirectory): nothing is done")
            return Exit.running
        }
    }

    private struct NoDriver: Error {
        var cause: Errno
    }

    private static func serve(
        _ options: Options, _ chosen: Chosen, _ state: StateStore, _ inherited: FdStore.Inherited,
        _ log: HostLog
    ) -> Int32 {
        do throws(NoDriver) {
            let control = try controlDevice(inherited)
            let features = try self.features(of: control)
            if chosen.isLastGood && !options.isShutdown
                && !hasDevices(of: chosen.configuration.daemon.instance, control)
            {
                log.write(.error, "the configuration has \(chosen.problems.count) errors: not started")
                return Exit.configuration
            }
            return run(options, chosen, state, inherited, log, control, features)
        } catch {
            // Without a driver there is no device that could keep a host from going down.
            guard !options.isShutdown else { return 0 }
            log.write(.error, noDriver(error.cause))
            return Exit.noDriver
        }
    }

    private static func run(
        _ options: Options, _ chosen: Chosen, _ state: StateStore, _ inherited: FdStore.Inherited,
        _ log: HostLog, _ control: consuming ControlDevice, _ features: DeviceFlags
    ) -> Int32 {
        do throws(Errno) {
            let supervisor = Supervisor(
                options: options, configuration: chosen.configuration, control: control, features: features,
                state: state, log: log, notify: Notify(), loop: try EventLoop())
            if options.isShutdown { return try supervisor.shutDown(inherited: inherited) }
            if chosen.isLastGood {
                supervisor.configState = .lastGood
                supervisor.configProblems = chosen.problems
                log.write(.error, "the configuration has errors: devices are supervised by the last good one")
            } else {
                supervisor.keepAsLastGood()
            }
            try supervisor.run(inherited: inherited, adoptOnly: chosen.isLastGood)
            return 0
        } catch {
            log.write(.error, "ublkd ends: \(error)")
            return Exit.software
        }
    }

    private static func features(of control: borrowing ControlDevice) throws(NoDriver) -> DeviceFlags {
        do throws(Errno) { return try control.features() } catch { throw NoDriver(cause: error) }
    }

    private static func noDriver(_ errno: Errno) -> String {
        switch errno {
        case .noSuchFile, .noSuchDevice:
            "the kernel's ublk driver is not there (\(ControlDevice.path)): load it with `modprobe ublk_drv`; kernels from 6.12 on have it"
        case .notPermitted, .accessDenied:
            "\(ControlDevice.path) or io_uring may not be used (\(errno)): ublkd runs as root, and kernel.io_uring_disabled must not be 2"
        default: "the ublk driver does not answer: \(errno)"
        }
    }

    private static func controlDevice(
        _ inherited: FdStore.Inherited
    ) throws(NoDriver) -> ControlDevice {
        do throws(Errno) {
            guard let stored = inherited[.control]?.first(where: { ControlDevice.isOne($0.fd) }) else {
                return try ControlDevice()
            }
            return try ControlDevice(stored.fd.duplicate())
        } catch {
            throw NoDriver(cause: error)
        }
    }

    // MARK: - Configuration at start

    private struct Chosen {
        var configuration: HostConfiguration
        var isLastGood = false
        var problems: [Problem] = []
    }

    private struct Stop: Error {
        var code: Int32
    }

    /// The files, or when they have errors the last good configuration: whether there is anything to
    /// supervise by it is known once the kernel was asked.
    private static func choose(_ options: Options, _ state: StateStore, _ log: HostLog) -> Result<
        Chosen, Stop
    > {
        switch ConfigurationSource(path: options.config).read() {
        case .valid(let configuration, let warnings):
            for warning in warnings { log.write(.warning, warning.rendered()) }
            return .success(Chosen(configuration: configuration))
        case .invalid(let diagnostics):
            for diagnostic in diagnostics { log.write(.error, diagnostic.rendered()) }
            guard let last = ConfigurationSource.lastGood(state) else {
                // What is there is found by its mark, and no configuration keeps a host from going down.
                if options.isShutdown { return .success(Chosen(configuration: HostConfiguration())) }
                log.write(.error, "the configuration has \(diagnostics.count) errors: not started")
                return .failure(Stop(code: Exit.configuration))
            }
            return .success(
                Chosen(configuration: last, isLastGood: true, problems: diagnostics.map { Problem($0) }))
        }
    }

    private static func hasDevices(of instance: String, _ control: borrowing ControlDevice) -> Bool {
        for id in Sysfs.ublkDevices() {
            if let info = try? control.info(of: id), let mark = OwnerCookie(rawValue: info.cookie),
                mark.isOf(instance: instance)
            {
                return true
            }
        }
        return false
    }
}
