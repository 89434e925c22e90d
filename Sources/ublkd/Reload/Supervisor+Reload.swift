import BlockABI
import ConfigText
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// A reload is parsed and checked whole before anything changes; then each device by itself.
extension Supervisor {
    func reloadAfterSignal() {
        notify.reloading()
        _ = reload(recreate: [])
        notify.ready()
        refreshStatus()
    }

    func reload(recreate: [String]) -> Result<Response, WireError> {
        switch ConfigurationSource(path: options.config).read() {
        case .invalid(let diagnostics):
            configState = .lastGood
            configProblems = diagnostics.map { Problem($0) }
            log.write(
                .error,
                "the configuration has \(diagnostics.count) errors and is not applied; nothing changed")
            for diagnostic in diagnostics { log.write(.error, diagnostic.rendered()) }
            refreshStatus()
            return .failure(.configInvalid(problems: configProblems))
        case .valid(let new, let warnings):
            for warning in warnings { log.write(.warning, warning.rendered()) }
            if let refusal = refusal(of: new) {
                log.write(.error, "the configuration is not applied: \(refusal)")
                return .failure(.refused(name: nil, reason: refusal))
            }
            configState = .current
            configProblems = []
            let outcomes = apply(new)
            keepAsLastGood()
            for outcome in outcomes {
                log.write(
                    .notice,
                    "reload: \(outcome.changeClass.rawValue), \(outcome.outcome.rawValue) \(outcome.reason)",
                    device: outcome.name)
            }
            refreshStatus()
            return .success(.reload(outcomes))
        }
    }

    /// What a running ublkd cannot change about itself.
    private func refusal(of new: HostConfiguration) -> String? {
        new.daemon.instance == instance
            ? nil : "`instance` was changed: stop all devices, then restart ublkd"
    }

    func keepAsLastGood() {
        do throws(Errno) {
            try AtomicFile.write(
                path: state.lastGoodPath, bytes: Array(serialize(configuration).utf8), mode: 0o600)
        } catch {
            log.write(.warning, "\(state.lastGoodPath) was not written: \(error)")
        }
    }

    private func apply(_ new: HostConfiguration) -> [ReloadOutcome] {
        let old = configuration
        configuration = new
        if new.daemon.workerUser != old.daemon.workerUser { workerUser = Self.user(new.daemon.workerUser) }
        workers.wanted = new.daemon.spareWorkers
        grant(slots.setLimit(new.daemon.maxRecoveries))
        var outcomes: [ReloadOutcome] = []
        let names = Set(new.devices.map(\.name))
        for device in devices.values.sorted(by: { $0.name < $1.name }) where !names.contains(device.name) {
            outcomes.append(remove(device))
        }
        for wanted in new.devices {
            if let device = devices[wanted.name] {
                if let outcome = change(device, to: wanted) { outcomes.append(outcome) }
            } else {
                outcomes.append(add(wanted))
            }
        }
        return outcomes
    }

    private func add(_ wanted: DeviceConfiguration) -> ReloadOutcome {
        register(wanted)
        guard wanted.autostart else {
            return ReloadOutcome(name: wanted.name, changeClass: .add, action: .register, outcome: .done)
        }
        startUnlessStopped(wanted.name)
        return ReloadOutcome(name: wanted.name, changeClass: .add, action: .start, outcome: .accepted)
    }

    private func remove(_ device: Device) -> ReloadOutcome {
        let holders = users(of: device)
        post(.stop(remove: true, force: false, isOpen: !holders.isEmpty), to: device)
        guard !holders.isEmpty else {
            return ReloadOutcome(name: device.name, changeClass: .remove, action: .stop, outcome: .accepted)
        }
        watchForClose()
        return ReloadOutcome(
            name: device.name, changeClass: .remove, action: .stop, outcome: .pending,
            reason: "it is in use and goes when its last user closes it", holders: holders)
    }

    /// Nil: nothing differs.
    private func change(_ device: Device, to wanted: DeviceConfiguration) -> ReloadOutcome? {
        if device.machine.removalPending { post(.start, to: device) }
        let differences = changes(from: device.configuration, to: wanted, kernelCanGrow: false)
        guard let largest = differences.map(\.reloadClass).max() else {
            device.pendingChange = nil
            return nil
        }
        let keys = differences.map(\.key).joined(separator: ", ")
        if device.machine.deviceID == nil {
            // There is no disk that could be disturbed.
            take(wanted, for: device)
            if case .failed = device.machine.phase { post(.start, to: device) }
            return ReloadOutcome(
                name: device.name, changeClass: largest.wire, action: .apply, outcome: .done, reason: keys)
        }
        guard largest == .live else {
            device.pendingChange = "\(keys) changed: `ublkctl stop` and `start` apply it"
            return ReloadOutcome(
                name: device.name, changeClass: largest.wire, action: .none, outcome: .pending,
                reason: "\(keys): the disk stays as it is until it is stopped and started")
        }
        take(wanted, for: device)
        return ReloadOutcome(
            name: device.name, changeClass: .live, action: .apply, outcome: .done, reason: keys)
    }

    private func take(_ wanted: DeviceConfiguration, for device: Device) {
        device.configuration = wanted
        device.pendingChange = nil
        device.machine.settings = wanted.policySettings(
            controlTimeout: configuration.daemon.controlTimeout.rawValue, traits: traits)
    }
}

extension ReloadClass {
    fileprivate var wire: ReloadOutcome.Class {
        switch self {
        case .live: .live
        case .worker: .worker
        case .recreate: .recreate
        }
    }
}
