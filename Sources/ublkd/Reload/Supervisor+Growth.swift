import BlockABI
import Configuration
import DevicePolicy
import LinuxSys

// A larger `size` under a running disk: the backend first, then the kernel.
extension Supervisor {
    /// Does nothing where the configured size is not larger than the disk, or the disk is not live now: it is
    /// called again when it is.
    func grow(_ device: Device) {
        guard device.machine.isLive,
            let size = configuration.devices.first(where: { $0.name == device.name })?.size,
            let parameters = device.parameters, traits.canUpdateSize
        else { return }
        let bytes = parameters.wholeBlocks(of: size)
        guard bytes > parameters.size else { return }
        switch device.configuration.target {
        case .memory: return
        case .null: post(.grow(bytes: bytes), to: device)
        case .file(let path): growBackend(of: device, path, bytes)
        }
    }

    private func growBackend(of device: Device, _ path: String, _ bytes: UInt64) {
        guard let identity = device.machine.facts?.identity else { return }
        let mayGrow = device.configuration.create && !device.configuration.readOnly
        let work = AgentWork.growBackend(path: path, identity, size: bytes, mayGrow: mayGrow)
        do throws(Errno) {
            _ = try agents.submit(
                work, role: .files, deadline: configuration.daemon.controlTimeout.rawValue
            ) {
                [weak self, weak device] outcome in
                guard let self, let device else { return }
                switch outcome {
                case .submitted, .late, .returned: break
                case .done(let result, _) where result >= 0: self.post(.grow(bytes: bytes), to: device)
                case .done(let result, _): self.notGrown(device, Errno(-result))
                case .lost: self.notGrown(device, .timedOut)
                }
            }
        } catch {
            notGrown(device, error)
        }
    }

    func notGrown(_ device: Device, _ errno: Errno) {
        let why =
            errno == .fileTooLarge
            ? "its backend is smaller than that; grow it first, or set `create = true`" : "\(errno)"
        device.pendingChange = "size was not changed: \(why)"
        log.write(.warning, "size was not changed: \(why)", device: device.name)
        refreshStatus()
    }

    /// The kernel has the new size.
    func resized(_ device: Device, _ bytes: UInt64) {
        // A `size` that is no whole number of blocks is met by the blocks that are in it.
        let wanted = configuration.devices.first { $0.name == device.name }?.size
        let isMet = wanted.map { device.parameters?.wholeBlocks(of: $0) == bytes } ?? false
        device.configuration.size = isMet ? wanted : bytes
        if let facts = device.machine.facts {
            device.parameters = DeviceParameters(facts, device.configuration)
        }
        save(device, worker: device.machine.worker)
        log.write(.notice, "has \(bytes) bytes from now on", device: device.name)
    }
}
