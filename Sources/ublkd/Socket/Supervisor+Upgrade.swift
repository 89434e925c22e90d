import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// Handing devices over to the program that is installed now, one after the other.
extension Supervisor {
    /// No names: all devices that are live. Answers when each has come to its end, or the first has failed.
    func upgrade(_ names: [String], force: Bool, answer: @escaping Answer) {
        var found: [Device] = []
        for name in names {
            guard let device = device(named: name) else { return answer(.failure(.noSuchDevice(name: name))) }
            if !found.contains(where: { $0 === device }) { found.append(device) }
        }
        if names.isEmpty { found = devices.values.filter(\.machine.isLive).sorted { $0.name < $1.name } }
        upgradeNext(found[...], force: force, done: []) { answer(.success(.upgrade($0))) }
    }

    private func upgradeNext(
        _ left: ArraySlice<Device>, force: Bool, done: [DeviceOutcome],
        answer: @escaping ([DeviceOutcome]) -> Void
    ) {
        guard let device = left.first else { return answer(done) }
        upgrade(device, force: force) { [weak self] outcome in
            guard let self else { return }
            let done = done + [outcome]
            guard outcome.outcome != .done else {
                return self.upgradeNext(left.dropFirst(), force: force, done: done, answer: answer)
            }
            answer(
                done
                    + left.dropFirst().map {
                        self.outcome($0, .refused, "not tried: \(device.name) failed before it")
                    })
        }
    }

    private func upgrade(_ device: Device, force: Bool, report: @escaping (DeviceOutcome) -> Void) {
        guard device.machine.isLive, let worker = device.machine.worker else {
            return report(
                outcome(
                    device, .refused, "only a device that is live can be handed over: use `ublkctl recover`"))
        }
        guard !device.machine.isHandingOver else {
            return report(outcome(device, .refused, "its worker is being replaced already"))
        }
        let mode = device.configuration.recovery
        let isSafe = mode == .reissue || mode == .failInflight && traits.canQuiesce
        guard isSafe || force && mode != .none else {
            let how = mode == .none ? "`ublkctl restart` makes the disk anew" : "--force does it all the same"
            return report(
                outcome(
                    device, .refused,
                    "with recovery = \"\(mode.rawValue)\" a hand-over would fail I/O on this kernel; \(how)"))
        }
        do throws(Errno) {
            device.formerProgram = try WorkerProgram(ofProcess: worker.pid)
        } catch {
            return report(outcome(device, .failed, "its program cannot be kept for a way back: \(error)"))
        }
        device.upgradeWaiters.append { [weak self, weak device] failure in
            guard let self, let device else { return }
            report(self.outcome(device, failure == nil ? .done : .failed, failure?.message))
        }
        post(.upgrade, to: device)
    }

    // MARK: - What policy asks

    func giveNewProgram(to device: Device) {
        do throws(Errno) {
            try workers.renew()
        } catch {
            return post(
                .workerUnavailable(Failure(.none, "\(options.worker) cannot be used: \(error)")), to: device)
        }
        device.program = nil
        giveWorker(to: device)
    }

    func rollBackProgram(of device: Device) {
        guard let former = device.formerProgram else { return }
        device.program = former
        device.formerProgram = nil
    }

    func handOverEnded(_ device: Device, _ failure: Failure?) {
        if let failure { noteNotReplaced(device, failure) }
        if device.savedRecord?.isReplacing == true { save(device, worker: device.machine.worker) }
        let waiters = device.upgradeWaiters
        device.upgradeWaiters = []
        for waiter in waiters { waiter(failure) }
    }
}
