import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// What clients ask. Reading answers at once; `stop` answers when it is known whether the disk could go.
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
        case .recover(let name, let queues): answer(recover(name, queues: queues))
        }
    }

    /// By name, `N`, `ublkbN` or the path of the node.
    func device(named name: String) -> Device? {
        if let device = devices[name] { return device }
        var text = name[...]
        for prefix in ["/dev/", "ublkb"] where text.hasPrefix(prefix) { text = text.dropFirst(prefix.count) }
        guard let id = UInt32(text) else { return nil }
        return devices.values.first { $0.machine.deviceID == id }
    }

    private func resolve(_ names: [String]) -> Result<[Device], WireError> {
        var found: [Device] = []
        for name in names {
            guard let device = device(named: name) else { return .failure(.noSuchDevice(name: name)) }
            found.append(device)
        }
        return .success(found)
    }

    private func outcome(_ device: Device, _ outcome: DeviceOutcome.Outcome, _ message: String? = nil)
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
                    if device.machine.isLive && !device.machine.removalPending {
                        return outcome(device, .unchanged)
                    }
                    post(.start, to: device)
                    return outcome(device, .accepted)
                })
        }
    }

    private func recover(_ name: String, queues: [Int]) -> Result<Response, WireError> {
        guard let device = device(named: name) else { return .failure(.noSuchDevice(name: name)) }
        guard queues.isEmpty else {
            return .failure(
                .refused(
                    name: device.name,
                    reason:
                        "recovery of single queues is not in this version: leave out --queue to recover the worker"
                ))
        }
        guard device.configuration.recovery != .none || device.machine.deviceID == nil else {
            return .failure(
                .refused(
                    name: device.name,
                    reason: "recovery = \"none\": the disk goes with its worker; use `ublkctl restart`"))
        }
        post(.recover, to: device)
        return .success(.recover([outcome(device, .accepted)]))
    }

    private func stop(_ names: [String], force: Bool, answer: @escaping Answer) {
        let found: [Device]
        switch resolve(names) {
        case .failure(let error): return answer(.failure(error))
        case .success(let devices): found = devices
        }
        var outcomes: [String: DeviceOutcome] = [:]
        let order = found.map(\.name)
        func finish() {
            guard outcomes.count == Set(order).count else { return }
            answer(.success(.stop(order.compactMap { outcomes[$0] })))
        }
        for device in found {
            if case .stopped = device.machine.phase {
                outcomes[device.name] = outcome(device, .unchanged)
                continue
            }
            let holders = users(of: device)
            if !holders.isEmpty && !force {
                outcomes[device.name] = busy(device, holders)
                continue
            }
            device.stopWaiters.append { result in
                outcomes[device.name] = result
                finish()
            }
            post(.stop(remove: false, force: force, isOpen: !holders.isEmpty), to: device)
        }
        finish()
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
        let outcome = busy(device, users(of: device))
        for waiter in waiters { waiter(outcome) }
    }

    /// Called at every change of a device's visible state.
    func answerStopWaiters(_ device: Device) {
        guard !device.stopWaiters.isEmpty else { return }
        let result: DeviceOutcome
        switch device.machine.phase {
        case .stopped, .removed: result = outcome(device, .done)
        case .failed(let failed): result = outcome(device, .failed, failed.failure.message)
        default: return
        }
        let waiters = device.stopWaiters
        device.stopWaiters = []
        for waiter in waiters { waiter(result) }
    }
}
