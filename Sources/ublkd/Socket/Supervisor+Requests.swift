import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// What clients ask. Reading answers at once; `stop` and `restart` answer when it is known whether the disk
// could go.
extension Supervisor {
    typealias Answer = (Result<Response, WireError>) -> Void

    func serve(_ request: Request, answer: @escaping Answer) {
        switch request {
        case .status: answer(.success(.status(hostStatus)))
        case .list(let name):
            guard let name else {
                return answer(.success(.list(devices.values.map(summary).sorted { $0.name < $1.name })))
            }
            guard let device = device(named: name) else { return answer(.failure(.noSuchDevice(name: name))) }
            answer(.success(.list([summary(device)])))
        case .show(let name):
            guard let device = device(named: name) else { return answer(.failure(.noSuchDevice(name: name))) }
            answer(.success(.show(detail(device))))
        case .reload(let recreate): self.recreate(recreate, answer: answer)
        case .start(let names): answer(start(names))
        case .stop(let names, let force): stop(names, force: force, answer: answer)
        case .recover(let name, let queues): recover(name, queues: queues, answer: answer)
        case .restart(let names): restart(names, answer: answer)
        case .upgrade(let names, let force): upgrade(names, force: force, answer: answer)
        case .plan: plan(answer)
        case .cleanup(let name, let dryRun): cleanup(name, dryRun: dryRun, answer: answer)
        case .subscribe:
            // A connection's own affair, and taken by it.
            answer(.failure(.expectedMore))
        }
    }

    /// By name, `N`, `ublkbN` or the path of the node.
    func device(named name: String) -> Device? {
        if let device = devices[name] { return device }
        guard let id = Self.deviceNumber(name) else { return nil }
        return devices.values.first { $0.machine.deviceID == id }
    }

    /// N of `N`, `ublkbN` or `/dev/ublkbN`.
    static func deviceNumber(_ word: String) -> UInt32? {
        var text = word[...]
        for prefix in ["/dev/", "ublkb"] where text.hasPrefix(prefix) { text = text.dropFirst(prefix.count) }
        return UInt32(text)
    }

    private func resolve(_ names: [String]) -> Result<[Device], WireError> {
        var found: [Device] = []
        for name in names {
            guard let device = device(named: name) else { return .failure(.noSuchDevice(name: name)) }
            found.append(device)
        }
        return .success(found)
    }

    func outcome(_ device: Device, _ outcome: DeviceOutcome.Outcome, _ message: String? = nil)
        -> DeviceOutcome
    {
        DeviceOutcome(name: device.name, outcome: outcome, state: state(of: device), message: message)
    }

    private func recreate(_ names: [String], answer: @escaping Answer) {
        switch resolve(names) {
        case .failure(let error): answer(.failure(error))
        case .success(let found):
            reload(recreate: found.map(\.name)) { answer($0.map { .reload($0) }) }
        }
    }

    private func start(_ names: [String]) -> Result<Response, WireError> {
        resolve(names).map { found in
            .start(
                found.map { device in
                    guard !isLeaving(device) else {
                        return outcome(device, .refused, "it is no longer configured")
                    }
                    if case .live(let live) = device.machine.phase, live.failing {
                        // Given up, and answers with EIO.
                        post(.recover, to: device)
                        return outcome(device, .accepted)
                    }
                    if device.machine.isLive && !device.machine.removalPending {
                        return outcome(device, .unchanged)
                    }
                    post(.start, to: device)
                    return outcome(device, .accepted)
                })
        }
    }

    private func recover(_ name: String, queues: [Int], answer: @escaping Answer) {
        guard let device = device(named: name) else { return answer(.failure(.noSuchDevice(name: name))) }
        guard queues.isEmpty else { return recover(queues, of: device, answer: answer) }
        guard device.configuration.recovery != .none || device.machine.deviceID == nil else {
            return answer(
                .failure(
                    .refused(
                        name: device.name,
                        reason: "recovery = \"none\": the disk goes with its worker; use `ublkctl restart`")))
        }
        post(.recover, to: device)
        answer(.success(.recover([outcome(device, .accepted)])))
    }

    private func recover(_ queues: [Int], of device: Device, answer: @escaping Answer) {
        func refused(_ reason: String) { answer(.failure(.refused(name: device.name, reason: reason))) }
        let count = device.page?.page.queues ?? 0
        guard let worker = device.machine.worker, device.machine.isLive else {
            return refused("its queues are recovered in place only while it is live: leave out --queue")
        }
        if let wrong = queues.first(where: { !(0..<count).contains($0) }) {
            return refused("it has no queue \(wrong): its queues are 0 to \(count - 1)")
        }
        guard device.workers[worker.id]?.channel != nil else {
            return refused("its worker takes no orders: leave out --queue to replace it")
        }
        let nothingToOpen =
            device.configuration.backendPath == nil
            ? "its target has nothing to open anew: the bookkeeping of the queue is restarted" : nil
        awaitRecovery(of: queues, device) { failure in
            let answered =
                failure.map { self.outcome(device, .failed, $0.message) }
                ?? self.outcome(device, .accepted, nothingToOpen)
            answer(.success(.recover([answered])))
        }
        post(.recoverQueues(queues), to: device)
    }

    private func stop(_ names: [String], force: Bool, answer: @escaping Answer) {
        forEach(names, answer: { answer($0.map { .stop($0) }) }) { device, holders, report in
            if case .stopped = device.machine.phase { return report(self.outcome(device, .unchanged)) }
            guard holders.isEmpty || force else { return report(self.busy(device, holders)) }
            device.stopWaiters.append { result in
                guard result.outcome == .accepted else { return report(result) }
                report(self.outcome(device, .failed, "somebody started it again"))
            }
            self.post(.stop(remove: false, force: force, isOpen: !holders.isEmpty), to: device)
        }
    }

    private func restart(_ names: [String], answer: @escaping Answer) {
        forEach(names, answer: { answer($0.map { .restart($0) }) }) { device, holders, report in
            guard holders.isEmpty else { return report(self.busy(device, holders)) }
            guard !device.machine.removalPending else {
                return report(self.outcome(device, .refused, "it is no longer configured"))
            }
            let hasDisk = device.machine.deviceID != nil
            if hasDisk { device.stopWaiters.append(report) }
            self.post(.stop(remove: false, force: false, isOpen: false), to: device)
            self.post(.start, to: device)
            if !hasDisk { report(self.outcome(device, .accepted)) }
        }
    }

    /// Begins something for each device, which is told who uses it, and answers in the order of the names once each has reported.
    private func forEach(
        _ names: [String], answer: @escaping (Result<[DeviceOutcome], WireError>) -> Void,
        begin: (Device, [Holder], @escaping (DeviceOutcome) -> Void) -> Void
    ) {
        let found: [Device]
        switch resolve(names) {
        case .failure(let error): return answer(.failure(error))
        case .success(let devices): found = devices
        }
        let order = found.map(\.name)
        let all = Set(order).count
        var outcomes: [String: DeviceOutcome] = [:]
        guard all > 0 else { return answer(.success([])) }
        let users = users(of: found)
        for (index, device) in found.enumerated() where !order[..<index].contains(device.name) {
            begin(device, users[device.name] ?? []) { outcome in
                guard outcomes.updateValue(outcome, forKey: device.name) == nil, outcomes.count == all else {
                    return
                }
                answer(.success(order.compactMap { outcomes[$0] }))
            }
        }
    }

    private func busy(_ device: Device, _ holders: [Holder]) -> DeviceOutcome {
        DeviceOutcome(
            name: device.name, outcome: .busy, state: state(of: device), message: "it is in use",
            holders: holders.isEmpty ? [Holder(kind: .unknown)] : holders)
    }

    /// The kernel says that somebody has the disk open, though nobody was seen a moment ago.
    func stopRefused(_ device: Device) {
        let waiters = device.stopWaiters
        device.stopWaiters = []
        noteRemakePending(device)
        if device.machine.removalPending { watchForClose() }
        let outcome = busy(device, users(of: device))
        for waiter in waiters { waiter(outcome) }
    }

    /// Called at every change of a device's visible state.
    func answerStopWaiters(_ device: Device) {
        guard !device.stopWaiters.isEmpty else { return }
        let result: DeviceOutcome
        switch device.machine.phase {
        case .stopped, .removed: result = outcome(device, .done)
        case .starting: result = outcome(device, .accepted)
        case .failed(let failed): result = outcome(device, .failed, failed.failure.message)
        default: return
        }
        let waiters = device.stopWaiters
        device.stopWaiters = []
        for waiter in waiters { waiter(result) }
    }
}
