import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// What clients read. Nothing here asks a worker or an agent: the status page, GET_DEV_INFO and memory do.
extension Supervisor {
    func state(of device: Device) -> StatusWire.DeviceState {
        StatusWire.DeviceState(rawValue: device.machine.visible.state.rawValue) ?? .failed
    }

    func summary(_ device: Device) -> DeviceSummary {
        let visible = device.machine.visible
        let id = device.machine.deviceID
        let pending = visible.reason == .none ? device.pendingChange : nil
        return DeviceSummary(
            name: device.name, id: id.map { Int($0) }, node: id.map { "/dev/ublkb\($0)" },
            state: state(of: device),
            reason: pending == nil ? visible.reason.wire : .reloadPending,
            message: pending ?? device.publicMessage(visible.message),
            since: wallClock.time(of: device.visibleSince),
            nextAttempt: visible.nextAttempt.map { wallClock.time(of: $0) },
            kernelState: id.flatMap { try? control.info(of: $0).state }.flatMap { $0.wire },
            workerPid: device.machine.worker.map { Int($0.pid) }, target: device.configuration.targetName,
            size: device.parameters?.size ?? device.machine.facts?.size ?? device.configuration.size,
            recoveries: device.machine.recoveries, lastRecovery: lastRecovery(of: device),
            queues: queues(of: device))
    }

    /// The last one that came to an end, without its steps: for the record.
    func endedRecovery(of device: Device) -> LastRecovery? {
        if case .recovering = device.machine.phase { return device.savedRecord?.lastRecovery }
        var last = lastRecovery(of: device)
        last?.steps = nil
        return last
    }

    private func lastRecovery(of device: Device) -> LastRecovery? {
        let record: RecoveryRecord
        var ended = true
        if case .recovering(let recovering) = device.machine.phase {
            record = recovering.record
            ended = false
        } else if let last = device.machine.lastRecovery {
            record = last
        } else {
            return device.formerRecovery
        }
        let header = device.page?.page.header
        let firstIO =
            ended && record.scope == .worker && header?.workerPID == device.machine.worker?.pid
            ? header?.firstIOAt : nil
        var downtime: Double?
        if ended, let live = record.live { downtime = live.seconds - record.detected.seconds }
        return LastRecovery(
            cause: record.cause.wire, scope: record.scope == .queue ? .queue : .worker,
            startedAt: wallClock.time(of: record.detected),
            downtimeSeconds: downtime,
            steps: RecoverySteps(
                detected: record.detected.seconds, startSent: record.startSent?.seconds,
                startAccepted: record.startAccepted?.seconds, endSent: record.endSent?.seconds,
                attachSent: record.attachSent?.seconds,
                fetched: fetchedSeconds(header, record, ended), live: ended ? record.live?.seconds : nil,
                firstIO: firstIO.flatMap { $0 == 0 ? nil : Double($0) / 1e9 }))
    }

    /// The worker's own stamp, where it has one: ours is when we heard of it.
    private func fetchedSeconds(_ header: StatusHeader?, _ record: RecoveryRecord, _ ended: Bool) -> Double? {
        if ended, record.scope == .worker, let at = header?.fetchedAt, at >= record.detected.nanoseconds {
            return Double(at) / 1e9
        }
        return record.fetched?.seconds
    }

    private func queues(of device: Device) -> [QueueSummary] {
        guard let page = device.page, device.machine.deviceID != nil else { return [] }
        let isServing = device.machine.worker != nil
        let verdicts = device.machine.queueVerdicts
        return (0..<page.page.queues).map { index in
            let queue = page.page.queue(index)
            return QueueSummary(
                index: index, tid: isServing && queue.threadID > 0 ? Int(queue.threadID) : nil,
                state: isServing
                    ? queue.wireState(index < verdicts.count ? verdicts[index] : .serving) : .failed,
                inflight: Int(queue.inflight),
                reads: queue.reads,
                writes: queue.writes, readBytes: queue.readBytes, writeBytes: queue.writeBytes,
                errors: queue.errors, recoveries: queue.recoveries, lastError: queue.lastError,
                lastProgressAt: queue.lastProgressAt == 0
                    ? nil : wallClock.time(of: Instant(nanoseconds: queue.lastProgressAt)))
        }
    }

    func detail(_ device: Device) -> DeviceDetail {
        let c = device.configuration
        var path: String?
        if case .file(let file) = c.target { path = file }
        let memory = device.machine.worker.flatMap { ProcessMemory(of: $0.pid) }
        return DeviceDetail(
            summary: summary(device), path: path, options: c.spelledOut,
            geometry: device.machine.deviceID == nil
                ? nil
                : device.parameters.map {
                    DeviceGeometry(
                        queues: c.queues, queueDepth: c.queueDepth, blockSize: Int($0.logicalBlock),
                        physicalBlockSize: Int($0.physicalBlock), maxIO: Int($0.maxIO), sectors: $0.size / 512
                    )
                },
            modes: DeviceModes(
                io: "copy", recovery: c.recovery.rawValue,
                readOnly: device.parameters?.readOnly ?? c.readOnly,
                discard: device.parameters?.discard ?? c.discard),
            memory: memory.map { WorkerMemory(residentBytes: $0.resident, lockedBytes: $0.locked) },
            directIO: device.machine.facts?.directIO ?? false, warnings: device.machine.facts?.warnings ?? [],
            detailMessage: device.machine.visible.message,
            cookie: device.machine.deviceID == nil
                ? "" : "0x" + String(device.cookie(instance: instance).rawValue, radix: 16),
            flags: device.machine.deviceID == nil ? [] : device.flags.names)
    }

    var hostStatus: HostStatus {
        var counts: [StatusWire.DeviceState: Int] = [:]
        for device in devices.values { counts[state(of: device), default: 0] += 1 }
        return HostStatus(
            version: ProductVersion.text, pid: Int(Host.processID), startedAt: wallClock.time(of: startedAt),
            instance: instance, configFile: options.config, configState: configState,
            configProblems: configProblems,
            kernel: KernelSummary(
                release: kernelRelease, features: features.rawValue, family: traits.family.rawValue),
            counts: counts, spareWorkers: workers.readySpares,
            agents: AgentSummary(running: agents.running, writtenOff: agents.writtenOffCount),
            foreignDevices: foreignDevices, message: summary)
    }

    /// Devices in the kernel that no configuration of this instance names.
    private var foreignDevices: [ForeignDevice] {
        let known = Set(devices.values.compactMap(\.machine.deviceID))
        let others = DeviceNodes.ublkDevices().filter { !known.contains($0) }.compactMap { id in
            (try? control.info(of: id)).map { (id, $0) }
        }
        guard !others.isEmpty else { return [] }
        // The number of one that is being added is told only when it was.
        let beingAdded = Set(
            devices.values.filter { $0.machine.deviceID == nil && state(of: $0) == .starting }
                .map { $0.cookie(instance: instance).rawValue })
        return others.filter { !beingAdded.contains($1.cookie) }.map(unsupervised)
    }

    func unsupervised(_ id: UInt32, _ info: DeviceInfo) -> ForeignDevice {
        let isOurs = OwnerCookie(rawValue: info.cookie)?.isOf(instance: instance) ?? false
        let sectors = Sysfs.diskSectors(ofDisk: "ublkb\(id)")
        return ForeignDevice(
            id: Int(id), node: sectors == nil ? nil : "/dev/ublkb\(id)", owner: isOurs ? .orphan : .foreign,
            kernelState: info.state?.wire, serverPid: info.serverPID > 0 ? Int(info.serverPID) : nil,
            size: sectors.map { $0 * 512 }, queues: Int(info.queues),
            message: isOurs
                ? "no configuration names it; `ublkctl cleanup \(id)` removes it" : "made by another tool")
    }
}
