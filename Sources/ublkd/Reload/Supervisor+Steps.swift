import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// What a reload does with each device. Each difference has the class of its key, so one device may have a
// step of each class. Nothing here changes anything before its step is performed.
extension Supervisor {
    /// `sameBackend`: devices whose new path was found to lead to the backend that they serve.
    func steps(to new: HostConfiguration, recreate: Set<String>, sameBackend: Set<String>) -> [ReloadStep] {
        let names = Set(new.devices.map(\.name))
        let gone = devices.values.filter { !names.contains($0.name) }.sorted { $0.name < $1.name }
        let users = users(of: gone)
        return gone.map { removal($0, holders: users[$0.name] ?? []) }
            + new.devices.flatMap { wanted -> [ReloadStep] in
                guard let device = devices[wanted.name] else { return [addition(wanted)] }
                return changes(
                    of: device, to: wanted, recreate: recreate.contains(device.name),
                    leadsToSameBackend: sameBackend.contains(device.name))
            }
    }

    private func addition(_ wanted: DeviceConfiguration) -> ReloadStep {
        ReloadStep(
            wanted.name, .add, wanted.autostart ? .start : .register, wanted.autostart ? .accepted : .done
        ) {
            self.add(wanted)
        }
    }

    private func removal(_ device: Device, holders: [Holder]) -> ReloadStep {
        let isOpen = !holders.isEmpty
        return ReloadStep(
            device.name, .remove, .stop, isOpen ? .pending : .accepted,
            isOpen ? "it is in use and goes when its last user closes it" : "", holders: holders
        ) {
            self.post(.stop(remove: true, force: false, isOpen: isOpen), to: device)
            if isOpen { self.watchForClose() }
        }
    }

    func changes(
        of device: Device, to wanted: DeviceConfiguration, recreate: Bool, leadsToSameBackend: Bool
    ) -> [ReloadStep] {
        let differences = differences(of: device, to: wanted, leadsToSameBackend: leadsToSameBackend)
        guard device.machine.deviceID != nil else {
            return withoutDisk(device, wanted, differences)
        }
        var steps: [ReloadStep] = []
        if device.machine.removalPending {
            steps.append(
                ReloadStep(device.name, .add, .none, .done, "it is configured again and stays") {
                    self.post(.start, to: device)
                })
        }
        let groups = DeviceChanges(differences)
        if !groups.live.isEmpty { steps.append(live(device, wanted, groups.live)) }
        if !groups.worker.isEmpty { steps.append(handOver(device, wanted, groups.worker)) }
        if !groups.recreate.isEmpty {
            steps.append(remake(device, groups.recreate, recreate))
        }
        return steps
    }

    func differences(
        of device: Device, to wanted: DeviceConfiguration, leadsToSameBackend: Bool = false
    ) -> [KeyChange] {
        var running = device.configuration
        // "The backend's" is a number once the disk runs.
        if wanted.size != nil, running.size == nil { running.size = device.parameters?.size }
        let canGrow = traits.canUpdateSize && running.target != .memory
        return Configuration.changes(
            from: running, to: wanted, leadsToSameBackend: leadsToSameBackend, kernelCanGrow: canGrow)
    }

    /// There is no disk that could be disturbed.
    private func withoutDisk(
        _ device: Device, _ wanted: DeviceConfiguration, _ differences: [KeyChange]
    ) -> [ReloadStep] {
        guard let largest = differences.map(\.reloadClass).max() else { return [] }
        return [
            ReloadStep(device.name, largest.wire, .apply, .done, differences.words) {
                self.take(wanted, for: device)
                switch device.machine.phase {
                case .failed: self.post(.start, to: device)
                case .starting:
                    // With what was configured before: from the beginning.
                    self.post(.stop(remove: false, force: false, isOpen: false), to: device)
                    self.post(.start, to: device)
                default: break
                }
            }
        ]
    }

    // MARK: - The classes

    private func live(_ device: Device, _ wanted: DeviceConfiguration, _ keys: [KeyChange]) -> ReloadStep {
        let grows = isLarger(wanted, than: device) && keys.contains { $0.key == "size" }
        return ReloadStep(device.name, .live, .apply, grows ? .accepted : .done, keys.words) {
            // A size holds once the kernel has it; less than a block more changes nothing there.
            let now = keys.filter { !grows || $0.key != "size" }
            self.take(device.configuration.taking(now, from: wanted), for: device)
            if keys.contains(where: { $0.key == "cpus" }) { self.placeQueues(of: device) }
            if keys.contains(where: { $0.key == "request_timeout" }), let worker = device.machine.worker {
                let limit = device.configuration.requestTimeout?.rawValue ?? 0
                self.send(.limitRequests(limit), to: worker.id, of: device)
            }
            if keys.contains(where: { ["owner", "group", "mode"].contains($0.key) }) {
                self.applyAccess(of: device)
            }
            if grows { self.grow(device) }
        }
    }

    /// By a block of its disk at least.
    private func isLarger(_ wanted: DeviceConfiguration, than device: Device) -> Bool {
        guard let size = wanted.size, let disk = device.parameters else { return true }
        return disk.wholeBlocks(of: size) > disk.size
    }

    private func handOver(_ device: Device, _ wanted: DeviceConfiguration, _ keys: [KeyChange]) -> ReloadStep
    {
        let mode = device.configuration.recovery
        guard mode == .reissue || mode == .failInflight && traits.canQuiesce else {
            let why =
                "\(keys.words): with recovery = \"\(mode.rawValue)\" a new worker would fail I/O; `ublkctl restart \(device.name)` applies it"
            return ReloadStep(device.name, .worker, .none, .pending, why) { device.pendingChange = why }
        }
        return ReloadStep(device.name, .worker, .handOver, .accepted, keys.words) {
            self.take(device.configuration.taking(keys, from: wanted), for: device)
            self.post(.replaceWorker, to: device)
        }
    }

    private func remake(_ device: Device, _ keys: [KeyChange], _ isAsked: Bool) -> ReloadStep {
        let what = "\(keys.words) changed"
        let pending = remakePending(device, keys)
        guard isAsked else {
            return ReloadStep(device.name, .recreate, .none, .pending, pending) {
                device.pendingChange = pending
            }
        }
        let holders = users(of: device)
        guard holders.isEmpty else {
            return ReloadStep(
                device.name, .recreate, .none, .refused, "\(what), and it is in use", holders: holders
            ) { device.pendingChange = pending }
        }
        return ReloadStep(device.name, .recreate, .recreate, .accepted, what) {
            // Between the two its new configuration is taken, as the disk is gone.
            self.post(.stop(remove: false, force: false, isOpen: false), to: device)
            self.post(.start, to: device)
        }
    }

    private func remakePending(_ device: Device, _ keys: [KeyChange]) -> String {
        "\(keys.words) changed: `ublkctl reload --recreate \(device.name)` makes the disk anew once nobody uses it"
    }

    /// Its disk stays after all: somebody opened it since it was looked at.
    func noteRemakePending(_ device: Device) {
        guard let wanted = configuration.devices.first(where: { $0.name == device.name }) else { return }
        let keys = DeviceChanges(differences(of: device, to: wanted)).recreate
        if !keys.isEmpty { device.pendingChange = remakePending(device, keys) }
    }

    /// The worker that was to serve what a reload brought did not take over. What serves is what it was, and so the next
    /// reload finds the difference again.
    func noteNotReplaced(_ device: Device, _ failure: Failure) {
        let machine = device.machine
        guard machine.isLive, !machine.isHandingOver, !machine.isOutdated else { return }
        let served = device.configuration(servedBy: machine.worker)
        let missing = DeviceChanges(
            Configuration.changes(from: served, to: device.configuration, leadsToSameBackend: true)
        ).worker
        guard !missing.isEmpty else { return }
        take(served, for: device)
        device.pendingChange =
            "\(missing.words) not applied: \(failure.message); `ublkctl reload` tries again"
    }

    // MARK: - Applying

    func take(_ wanted: DeviceConfiguration, for device: Device) {
        device.configuration = wanted
        device.pendingChange = nil
        device.machine.settings = wanted.policySettings(
            controlTimeout: configuration.daemon.controlTimeout.rawValue, traits: traits)
    }

    /// The disk is gone, so nothing stands against what is configured.
    func takeWanted(for device: Device) {
        guard let wanted = configuration.devices.first(where: { $0.name == device.name }) else { return }
        take(wanted, for: device)
    }

    private func placeQueues(of device: Device) {
        guard let page = device.page, let worker = device.machine.worker, let id = device.machine.deviceID
        else { return }
        let sets = device.configuration.cpus?.map { $0.map { Int32($0) } } ?? affinity(of: device, id)
        for (queue, cpus) in zip(0..<page.page.queues, sets) where !cpus.isEmpty {
            let tid = page.page.queue(queue).threadID
            guard tid > 0 else { continue }
            do throws(Errno) {
                try ThreadAffinity.set(thread: tid, of: worker.pid, cpus: cpus)
            } catch {
                log.write(.warning, "queue \(queue) was not moved to its CPUs: \(error)", device: device.name)
            }
        }
    }

    private func applyAccess(of device: Device) {
        guard device.machine.isLive, let id = device.machine.deviceID else { return }
        setAccess(of: device, id)
        announceNode(of: device)
    }
}

extension [KeyChange] {
    /// `queues, max_io`.
    fileprivate var words: String { map(\.key).joined(separator: ", ") }
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
