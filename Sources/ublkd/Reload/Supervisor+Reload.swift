import BlockABI
import ConfigText
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// A reload is parsed and checked whole before anything changes; then each device by itself. One runs at a
// time; those that are asked for meanwhile become one.
extension Supervisor {
    typealias ReloadAnswer = (Result<[ReloadOutcome], WireError>) -> Void

    func reloadAfterSignal() {
        notify.reloading()
        reload(recreate: []) { [weak self] _ in
            self?.notify.ready()
            self?.refreshStatus()
        }
    }

    /// `recreate`: names of devices whose disk may be made anew.
    func reload(recreate: [String], answer: @escaping ReloadAnswer) {
        reloads.waiting.append((recreate, answer))
        if !reloads.isRunning { runReload() }
    }

    private func runReload() {
        let asked = reloads.waiting
        guard !asked.isEmpty else { return }
        reloads = ReloadQueue(isRunning: true)
        read { [weak self] result in
            guard let self else { return }
            let outcomes = result.map { self.apply($0, recreate: Set(asked.flatMap(\.recreate))) }
            if case .failure(let refusal) = outcomes { self.note(refusal) }
            self.reloads.isRunning = false
            for (_, answer) in asked { answer(outcomes.mapError(\.wire)) }
            self.runReload()
        }
    }

    /// What a reload would do now.
    func planned(_ answer: @escaping ReloadAnswer) {
        read { [weak self] result in
            guard let self else { return }
            answer(
                result.map {
                    self.steps(to: $0.configuration, recreate: [], sameBackend: $0.sameBackend).map(\.outcome)
                }.mapError(\.wire))
        }
    }

    // MARK: - Reading

    private struct Wanted {
        var configuration: HostConfiguration
        var warnings: [Diagnostic]
        /// Devices whose new path leads to the backend that they serve.
        var sameBackend: Set<String> = []
    }

    private func read(_ answer: @escaping (Result<Wanted, ReloadRefusal>) -> Void) {
        switch ConfigurationSource(path: options.config).read() {
        case .invalid(let diagnostics): answer(.failure(.invalid(diagnostics)))
        case .valid(let new, _) where new.daemon.instance != instance:
            answer(.failure(.impossible("`instance` was changed: stop all devices, then restart ublkd")))
        case .valid(let new, let warnings):
            compareBackends(Wanted(configuration: new, warnings: warnings)) { answer(.success($0)) }
        }
    }

    /// Finds out where new paths lead, from an agent: a path may lead to a file server that does not answer.
    private func compareBackends(_ wanted: Wanted, _ done: @escaping (Wanted) -> Void) {
        var result = wanted
        var open = 1
        func finish(_ name: String?) {
            if let name { result.sameBackend.insert(name) }
            open -= 1
            if open == 0 { done(result) }
        }
        for device in wanted.configuration.devices {
            guard let running = devices[device.name], running.machine.deviceID != nil,
                running.configuration.target != device.target, case .file(let path) = device.target,
                let identity = running.machine.facts?.identity
            else { continue }
            var isAnswered = false
            open += 1
            let submitted = try? agents.submit(
                .compareBackend(path: path, identity), role: .files,
                deadline: configuration.daemon.controlTimeout.rawValue
            ) { outcome in
                guard !isAnswered else { return }
                if case .submitted = outcome { return }
                isAnswered = true
                if case .done(1, _) = outcome { finish(device.name) } else { finish(nil) }
            }
            if submitted == nil { finish(nil) }
        }
        finish(nil)
    }

    // MARK: - Applying

    private func apply(_ wanted: Wanted, recreate: Set<String>) -> [ReloadOutcome] {
        for warning in wanted.warnings { log.write(.warning, warning.rendered()) }
        configState = .current
        configProblems = []
        let new = wanted.configuration
        let steps = steps(to: new, recreate: recreate, sameBackend: wanted.sameBackend)
        takeDaemon(new)
        for device in devices.values { device.pendingChange = nil }
        // Written before anything is done: a ublkd that dies meanwhile is followed by one that goes on with it.
        for device in devices.values where isLeaving(device) {
            save(device, worker: device.machine.worker)
        }
        for step in steps { step.perform() }
        if !startsDevices {
            // ublkd began with the last good configuration, which only keeps what there is.
            startsDevices = true
            for device in new.devices where device.autostart { start(device.name) }
        }
        noteReload(steps.map(\.outcome))
        keepAsLastGood()
        for outcome in steps.map(\.outcome) {
            log.write(
                .notice,
                "reload: \(outcome.changeClass.rawValue), \(outcome.outcome.rawValue) \(outcome.reason)",
                device: outcome.name)
        }
        refreshStatus()
        return steps.map(\.outcome)
    }

    private func takeDaemon(_ new: HostConfiguration) {
        let old = configuration
        configuration = new
        if new.daemon.workerUser != old.daemon.workerUser { workerUser = Self.user(new.daemon.workerUser) }
        workers.wanted = new.daemon.spareWorkers
        grant(slots.setLimit(new.daemon.maxRecoveries))
    }

    private func note(_ refusal: ReloadRefusal) {
        switch refusal {
        case .impossible(let reason): log.write(.error, "the configuration is not applied: \(reason)")
        case .invalid(let diagnostics):
            configState = .lastGood
            configProblems = diagnostics.map { Problem($0) }
            noteInvalidConfiguration()
            log.write(
                .error,
                "the configuration has \(diagnostics.count) errors and is not applied; nothing changed")
            for diagnostic in diagnostics { log.write(.error, diagnostic.rendered()) }
            refreshStatus()
        }
    }

    func keepAsLastGood() {
        do throws(Errno) {
            try state.keepLastGood(serialize(configuration))
        } catch {
            log.write(.warning, "\(state.lastGoodPath) was not written: \(error)")
        }
    }
}

/// Reloads that were asked for while one runs.
struct ReloadQueue {
    var isRunning = false
    var waiting: [(recreate: [String], answer: Supervisor.ReloadAnswer)] = []
}

/// Why a configuration is not applied.
private enum ReloadRefusal: Error {
    case invalid([Diagnostic])
    /// Valid, but not for the ublkd that runs.
    case impossible(String)

    var wire: WireError {
        switch self {
        case .invalid(let diagnostics): .configInvalid(problems: diagnostics.map { Problem($0) })
        case .impossible(let reason): .refused(name: nil, reason: reason)
        }
    }
}
