import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import Systemd

// Control commands: policy names the step, this file says what it means to an agent.
extension Supervisor {
    func command(_ step: ControlStep, of device: Device) {
        // A ublkd that dies meanwhile is followed by one that knows that the worker may get nothing new.
        if case .quiesceDevice = step { save(device, worker: device.machine.worker) }
        TestPoint.pass("ublkd.send.\(step.words)")
        if case .limitRequests = step { return limitRequests(of: device) }
        guard let work = work(for: step, of: device) else {
            return post(
                .controlDone(step, result: -Errno.invalidArgument.rawValue, deviceID: nil), to: device)
        }
        // Another tool may have deleted the device and made its own under the same number.
        if let id = device.machine.deviceID {
            do throws(Errno) {
                guard try isOurs(id, device) else { throw .noSuchDevice }
            } catch {
                // The kernel that does not say whose it is, is asked again: the command was not sent.
                let result = error == .noSuchDevice ? error : .interrupted
                return post(.controlDone(step, result: -result.rawValue, deviceID: nil), to: device)
            }
        }
        submit(work, step, of: device)
    }

    /// The kernel's device of this number carries the mark of `device`.
    /// - Throws: why the kernel does not say; never ENODEV.
    private func isOurs(_ id: UInt32, _ device: Device) throws(Errno) -> Bool {
        do throws(Errno) {
            return try control.info(of: id).cookie == device.cookie(instance: instance).rawValue
        } catch {
            guard error == .noSuchDevice else { throw error }
            return false
        }
    }

    private func submit(_ work: AgentWork, _ step: ControlStep, of device: Device) {
        do throws(Errno) {
            let token = try agents.submit(
                work, role: step.role, deadline: deadline(of: step)
            ) { [weak self, weak device] outcome in
                guard let self, let device else { return }
                self.heard(outcome, work, step, of: device)
            }
            device.controlToken = (step, token)
        } catch {
            log.write(.error, "no control agent for \(step.words): \(error)", device: device.name)
            post(.controlDone(step, result: -error.rawValue, deviceID: nil), to: device)
        }
    }

    private func work(for step: ControlStep, of device: Device) -> AgentWork? {
        if case .addDevice = step { return .addDevice(addRequest(device)) }
        guard let id = device.machine.deviceID else { return nil }
        switch step {
        case .addDevice, .limitRequests: return nil
        case .setParameters: return device.parameters.map { .setParameters(device: id, parameters: $0.bytes) }
        case .startDevice(let pid): return .startDevice(device: id, serverPID: pid)
        case .startUserRecovery(let lazily):
            return .startUserRecovery(device: id, retryMicroseconds: lazily ? 20_000 : 500)
        case .endUserRecovery(let pid): return .endUserRecovery(device: id, serverPID: pid)
        case .filler:
            return .filler(
                device: id, queues: UInt16(device.configuration.queues),
                queueDepth: UInt16(traits.tags(forQueueDepth: device.configuration.queueDepth)))
        case .stopDevice: return .stopDevice(device: id)
        case .tryStopDevice where traits.canTryStop: return .tryStopDevice(device: id)
        case .tryStopDevice: return .stopUnclaimedDevice(device: id, node: "/dev/ublkb\(id)")
        case .deleteDevice: return .deleteDevice(device: id)
        case .quiesceDevice:
            return .quiesceDevice(
                device: id, milliseconds: UInt32(clamping: configuration.daemon.controlTimeout.rawValue))
        case .updateSize(let bytes):
            // The worker takes requests up to here before the kernel sends any.
            device.page?.page.setSize(bytes)
            return .updateSize(device: id, sectors: bytes / 512)
        }
    }

    private func addRequest(_ device: Device) -> DeviceInfo {
        let configuration = device.configuration
        return DeviceInfo(
            id: configuration.id ?? device.preferredID ?? freeID(for: device),
            queues: UInt16(configuration.queues),
            queueDepth: UInt16(traits.tags(forQueueDepth: configuration.queueDepth)),
            maxIO: configuration.maxIO,
            flags: configuration.deviceFlags(traits),
            cookie: device.cookie(instance: instance).rawValue)
    }

    /// The lowest number that nobody has and no other device was promised.
    func freeID(for device: Device) -> UInt32 {
        var taken = Set(DeviceNodes.ublkDevices())
        for other in devices.values where other !== device {
            for id in [other.configuration.id, other.machine.deviceID, other.preferredID] {
                if let id { taken.insert(id) }
            }
        }
        // Of devices that a reload is about to add, too.
        for other in configuration.devices where other.name != device.name {
            if let id = other.id { taken.insert(id) }
        }
        taken.formUnion(refusedIDs)
        if let kept = device.preferredID, !taken.contains(kept) { return kept }
        var id: UInt32 = 0
        while taken.contains(id) { id += 1 }
        device.preferredID = id
        return id
    }

    /// Milliseconds.
    private func deadline(of step: ControlStep) -> UInt64 {
        let timeout = configuration.daemon.controlTimeout.rawValue
        // The first tries for START are short: whoever still holds the device is looked for after them.
        return switch step {
        case .startUserRecovery(lazily: false): min(timeout, 2_000)
        // The kernel ends it at `timeout` itself.
        case .quiesceDevice: timeout + 1_000
        default: timeout
        }
    }

    private func heard(
        _ outcome: AgentPool.Outcome, _ work: AgentWork, _ step: ControlStep, of device: Device
    ) {
        switch outcome {
        case .submitted: handle(.controlSubmitted(step), of: device)
        case .late:
            log.write(.warning, "\(step.words) takes long", device: device.name)
            handle(.controlLate(step), of: device)
        case .lost:
            device.controlToken = nil
            handle(.controlLost(step), of: device)
        case .returned:
            var added: UInt32?
            if case .addDevice(let asked) = work, (try? isOurs(asked.id, device)) == true { added = asked.id }
            handle(.controlReturned(step, deviceID: added), of: device)
        case .done(let result, let payload):
            TestPoint.pass("ublkd.done.\(step.words)")
            device.controlToken = nil
            if case .addDevice(let asked) = work { return added(device, asked, result, payload) }
            if case .updateSize = step, result < 0 { notGrown(device, Errno(-result)) }
            handle(.controlDone(step, result: result, deviceID: nil), of: device)
        }
    }

    private func added(_ device: Device, _ asked: DeviceInfo, _ result: Int32, _ payload: [UInt8]) {
        if result < 0 {
            guard let isOurs = try? isOurs(asked.id, device) else {
                let later = -Errno.interrupted.rawValue
                return handle(.controlDone(.addDevice, result: later, deviceID: nil), of: device)
            }
            // It was made all the same: by an agent that died before it could say so.
            if isOurs, !orphans.contains(asked.id) {
                return handle(.controlDone(.addDevice, result: result, deviceID: asked.id), of: device)
            }
        }
        if Errno(-result) == .exists && device.configuration.id == nil {
            // Another tool was quicker: the next number, without bothering policy.
            refusedIDs.insert(asked.id)
            device.preferredID = nil
            return submit(.addDevice(addRequest(device)), .addDevice, of: device)
        }
        guard result >= 0, let info = DeviceInfo(bytes: payload) else {
            let failure = result < 0 ? result : -Errno.protocolError.rawValue
            return handle(.controlDone(.addDevice, result: failure, deviceID: nil), of: device)
        }
        refusedIDs.remove(info.id)
        device.preferredID = info.id
        device.flags = info.flags
        let worker = device.machine.worker
        handle(.controlDone(.addDevice, result: 0, deviceID: info.id), of: device)
        // The driver drops what it does not know or has not the room for, and says so only here.
        guard
            info.queues != asked.queues || info.queueDepth != asked.queueDepth
                || !info.flags.isSuperset(of: asked.flags), let worker
        else { return }
        handle(
            .workerFailed(
                worker.id,
                Failure(
                    .none,
                    "the kernel gave \(info.queues) queues of depth \(info.queueDepth) and flags 0x\(String(info.flags.rawValue, radix: 16)): it cannot make the device as configured"
                )),
            of: device)
    }

    /// Leaves one tag of each queue free on a classic kernel, so that a death under full load is seen at
    /// once. The scheduler goes first: written under another one, the limit is undone by the next switch.
    private func limitRequests(of device: Device) {
        guard let id = device.machine.deviceID, let limit = device.machine.settings.requestLimit else {
            return post(.controlDone(.limitRequests, result: 0, deviceID: nil), to: device)
        }
        let queue = "/sys/block/ublkb\(id)/queue/"
        write(
            [
                (queue + "scheduler", "none"), (queue + "nr_requests", "\(limit)"),
                (queue + "io_timeout", "1000"),
            ],
            of: device)
    }

    private func write(_ attributes: [(path: String, value: String)], of device: Device) {
        guard let first = attributes.first else {
            return handle(.controlDone(.limitRequests, result: 0, deviceID: nil), of: device)
        }
        do throws(Errno) {
            let token = try agents.submit(
                .writeAttribute(path: first.path, value: first.value), role: .starting,
                deadline: configuration.daemon.controlTimeout.rawValue
            ) { [weak self, weak device] outcome in
                guard let self, let device else { return }
                switch outcome {
                case .submitted: break
                case .late: self.handle(.controlLate(.limitRequests), of: device)
                case .lost: self.handle(.controlLost(.limitRequests), of: device)
                case .returned:
                    self.handle(.controlReturned(.limitRequests, deviceID: nil), of: device)
                case .done(let result, _) where result < 0:
                    self.handle(.controlDone(.limitRequests, result: result, deviceID: nil), of: device)
                case .done: self.write(Array(attributes.dropFirst()), of: device)
                }
            }
            device.controlToken = (.limitRequests, token)
        } catch {
            post(.controlDone(.limitRequests, result: -error.rawValue, deviceID: nil), to: device)
        }
    }

    // MARK: - Questions that never block

    func query(_ device: Device) {
        guard let id = device.machine.deviceID else { return }
        do throws(Errno) {
            let info = try control.info(of: id)
            guard info.cookie == device.cookie(instance: instance).rawValue else {
                return post(.deviceGone, to: device)
            }
            post(.deviceInfo(info.state, pid: info.serverPID), to: device)
        } catch {
            if error == .noSuchDevice { post(.deviceGone, to: device) }
        }
    }

    func findHolders(of device: Device) {
        guard let id = device.machine.deviceID else { return }
        let own = Set(device.workers.values.map(\.pid))
        let holders = NodeHolders.processes(ofNode: "/dev/ublkc\(id)").filter { !own.contains($0.pid) }
        post(.holders(holders.map { "process \($0.pid) (\($0.name))" }), to: device)
    }
}

extension ControlStep {
    fileprivate var role: AgentPool.Role {
        switch self {
        case .stopDevice, .tryStopDevice, .deleteDevice: .stopping
        default: .starting
        }
    }
}
