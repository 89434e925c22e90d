import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// A new ublkd reads the kernel first: the owner mark says whose a device is, the process that maps its
// descriptors says who serves it. Records and stored descriptors only make it quick.
extension Supervisor {
    /// - Throws: why the kernel does not say whose a device is: to take one of ours for nobody's could make it twice.
    func adoptDevices(_ inherited: FdStore.Inherited) throws(Errno) {
        DiskNotes().sweep()
        isAdopting = true
        defer { isAdopting = false }
        var byCookie: [UInt64: [Device]] = [:]
        for device in devices.values {
            byCookie[device.cookie(instance: instance).rawValue, default: []].append(device)
        }
        var seen: Set<String> = []
        var found: [(device: Device, info: DeviceInfo, record: DeviceRecord?)] = []
        for id in Sysfs.ublkDevices().sorted() {
            guard let info = try info(of: id), let mark = OwnerCookie(rawValue: info.cookie),
                mark.isOf(instance: instance)
            else { continue }
            guard let device = owner(of: id, among: byCookie[info.cookie] ?? []),
                seen.insert(device.name).inserted
            else {
                orphans.insert(id)
                log.write(.warning, "ublkb\(id) is ours, but no configuration names it: it is left alone")
                continue
            }
            found.append((device, info, state.record(of: device.name)))
        }
        let servers = findServers(of: found.map { ($0.info, $0.record) })
        for (device, info, record) in found { adopt(device, info, record, servers[info.id], inherited) }
        if shutdown == nil { for (device, _, _) in found { applyEdits(to: device) } }
        for (name, descriptors) in inherited { dropUnused(name, descriptors) }
    }

    /// A disk that no configuration named when ublkd began, and that one names now: it goes on as it is, and is not made
    /// again beside whoever uses it. False: there is none.
    /// - Throws: why the kernel does not say whose a device is.
    func takeBack(_ device: Device) throws(Errno) -> Bool {
        let mark = device.cookie(instance: instance).rawValue
        let record = state.record(of: device.name)
        var found: [DeviceInfo] = []
        for id in orphans.subtracting(cleanups).sorted() {
            if let info = try info(of: id), info.cookie == mark { found.append(info) }
        }
        guard let info = found.first(where: { $0.id == record?.deviceID }) ?? found.first else {
            return false
        }
        orphans.remove(info.id)
        log.write(
            .notice, "ublkb\(info.id) is its disk, from before it left the configuration", device: device.name
        )
        isAdopting = true
        defer { isAdopting = false }
        adopt(device, info, record, findServers(of: [(info, record)])[info.id], orphanDescriptors)
        for name in [FdStore.Name.page(device.name), .memory(device.name), .socket(device.name)] {
            orphanDescriptors[name] = nil
        }
        applyEdits(to: device)
        return true
    }

    /// Few bits of a mark are the name's, so two devices may have the same; then their records tell.
    private func owner(of id: UInt32, among devices: [Device]) -> Device? {
        guard devices.count > 1 else { return devices.first }
        return devices.first { state.record(of: $0.name)?.deviceID == id }
            ?? devices.first { $0.configuration.id == id }
    }

    /// Nil: there is no such device any more.
    private func info(of id: UInt32) throws(Errno) -> DeviceInfo? {
        for attempt in 1... {
            do throws(Errno) {
                return try control.info(of: id)
            } catch {
                if error == .noSuchDevice { return nil }
                log.write(.error, "the kernel does not say whose ublkb\(id) is: \(error)")
                if attempt == 3 { throw error }
            }
        }
        return nil
    }

    private func adopt(
        _ device: Device, _ info: DeviceInfo, _ record: DeviceRecord?, _ server: ProcessIdentity?,
        _ inherited: FdStore.Inherited
    ) {
        device.savedRecord = record
        device.formerRecovery = record?.lastRecovery
        device.preferredID = info.id
        device.flags = info.flags
        take(running(device, info, record), for: device)
        let facts = record?.facts ?? knownFacts(of: info)
        let known = KnownDisk(queues: Int(info.queues), facts: facts)
        var ref: WorkerRef?
        if let server {
            do throws(Errno) {
                ref = try takeOver(server, device, known, inherited)
            } catch {
                log.write(.warning, "worker \(server.pid) ended while it was adopted", device: device.name)
            }
        } else {
            endStray(of: device, record)
        }
        if device.page == nil { usePage(nil, device, known, inherited) }
        if device.memory == nil { useMemory(nil, device, known, inherited) }
        if let facts { device.parameters = DeviceParameters(facts, device.configuration) }
        device.isLostWithWorker = ref == nil && device.configuration.recovery == .none
        // What was said of another worker is not said of this one.
        let said = ref == nil || ref?.pid == record?.workerPID ? record : nil
        post(
            .adopt(
                Adoption(
                    deviceID: info.id, state: info.state, worker: ref, facts: facts,
                    recoveries: record?.recoveries ?? 0, givenUp: said?.givenUp,
                    isReplacing: ref != nil && said?.isReplacing == true)),
            to: device)
    }

    /// The process that has each device's descriptors mapped. Neither the kernel's pid (6.12 keeps that of a
    /// dead server) nor the record's is believed without that.
    private func findServers(of found: [(info: DeviceInfo, record: DeviceRecord?)]) -> [UInt32:
        ProcessIdentity]
    {
        var servers: [UInt32: ProcessIdentity] = [:]
        var unknown: [UInt32] = []
        for (info, record) in found {
            let candidates = Set([record?.workerPID, info.serverPID].compactMap { $0 }.filter { $0 > 0 })
            let node = "/dev/ublkc\(info.id)"
            if let pid = candidates.first(where: { NodeHolders.maps(pid: $0, node: node) }) {
                servers[info.id] = try? ProcessIdentity(of: pid)
            } else {
                unknown.append(info.id)
            }
        }
        let others = NodeHolders.servers(ofNodes: unknown.map { "/dev/ublkc\($0)" })
        for id in unknown {
            servers[id] = others["/dev/ublkc\(id)"].flatMap { try? ProcessIdentity(of: $0) }
        }
        return servers
    }

    /// What the disk is served with, to tell what belongs to it.
    private struct KnownDisk {
        var queues: Int
        var facts: BackendFacts?
    }

    private func takeOver(
        _ server: ProcessIdentity, _ device: Device, _ known: KnownDisk, _ inherited: FdStore.Inherited
    ) throws(Errno) -> WorkerRef {
        let pidfd = try server.open()
        let channel = supervisorEnd(copy(ChildProtocol.supervisorEndDescriptor, pidfd), device, inherited)
        let hasChannel = channel != nil
        usePage(copy(ChildProtocol.statusPageDescriptor, pidfd), device, known, inherited)
        useMemory(copy(ChildProtocol.memoryDescriptor, pidfd), device, known, inherited)
        if !hasChannel {
            log.write(
                .warning,
                "the socket of worker \(server.pid) could not be had: it is supervised by its process alone",
                device: device.name)
        }
        let worker = try workers.adopt(server, pidfd: pidfd, channel: channel)
        worker.configuration = device.configuration
        own(worker, by: device)
        if let raw = worker.channel?.descriptor { store.replace(with: raw, as: .socket(device.name)) }
        return worker.ref
    }

    /// A serving worker keeps a duplicate of whatever it shares with us.
    private func copy(_ number: Int32, _ pidfd: borrowing Fd) -> SharedFd? {
        guard let copy = try? Pidfd.copyDescriptor(pidfd, number) else { return nil }
        return SharedFd(copy)
    }

    private func supervisorEnd(
        _ workers: SharedFd?, _ device: Device, _ inherited: FdStore.Inherited
    ) -> SharedChannel? {
        let candidates = [workers].compactMap(\.self) + (inherited[.socket(device.name)] ?? [])
        guard let right = candidates.first(where: { Channel.isOne($0.fd) }) else { return nil }
        guard let copy = try? right.fd.duplicate() else { return nil }
        return SharedChannel(Channel(copy))
    }

    private func usePage(
        _ workers: SharedFd?, _ device: Device, _ known: KnownDisk, _ inherited: FdStore.Inherited
    ) {
        _ = pick(.page(device.name), workers, inherited) { fd in
            guard let copy = try? fd.duplicate(), let page = try? StatusPage.map(copy),
                page.queues == known.queues
            else { return false }
            // What failed before was told by who saw it.
            device.failures = FailureReport(
                known: (0..<page.queues).reduce(0) { $0 &+ page.queue($1).errors })
            device.page = SharedPage(page)
            return true
        }
    }

    private func useMemory(
        _ workers: SharedFd?, _ device: Device, _ known: KnownDisk, _ inherited: FdStore.Inherited
    ) {
        guard device.configuration.target == .memory else { return }
        device.memory = pick(.memory(device.name), workers, inherited) { fd in
            guard let status = try? FileStatus(of: fd), status.kind == .regular else { return false }
            if case .memory(let inode)? = known.facts?.identity, inode != status.inode { return false }
            return status.size >= known.facts?.size ?? 0
        }
    }

    /// The one that is right: what the worker has comes first, as what is stored may be anything by now. By it the store is
    /// put right; without a worker the store alone has what is right, and is left as it is.
    private func pick(
        _ name: FdStore.Name, _ workers: SharedFd?, _ inherited: FdStore.Inherited,
        where isRight: (borrowing Fd) -> Bool
    ) -> SharedFd? {
        let stored = inherited[name] ?? []
        if let workers, isRight(workers.fd) {
            if stored.count != 1 || !isSame(stored[0].fd, workers.fd) {
                store.replace(with: workers.fd.raw, as: name)
            }
            return workers
        }
        let right = stored.first { isRight($0.fd) }
        if right == nil, !stored.isEmpty {
            log.write(.warning, "what the fd store has as '\(name.text)' is something else: it is not used")
        }
        return right
    }

    private func isSame(_ one: borrowing Fd, _ other: borrowing Fd) -> Bool {
        guard let one = try? FileStatus(of: one), let other = try? FileStatus(of: other) else { return false }
        return one.device == other.device && one.inode == other.inode
    }

    /// A worker that was prepared, or told to attach, and had not mapped the device when ublkd ended: it would get at the queues
    /// beside the one that recovers them. It cannot be serving yet.
    private func endStray(of device: Device, _ record: DeviceRecord?) {
        guard let pid = record?.workerPID, let start = record?.workerStart,
            let process = try? ProcessIdentity(of: pid), process.startTime == start,
            let pidfd = try? process.open(),
            let worker = try? workers.adopt(process, pidfd: pidfd, channel: nil)
        else { return }
        log.write(.warning, "worker \(pid) was left before it served: it is ended", device: device.name)
        workers.end(worker)
    }

    private func dropUnused(_ name: FdStore.Name, _ descriptors: [SharedFd]) {
        switch name {
        case .control: break
        case .page(let device), .memory(let device), .socket(let device):
            if orphansMayNeed(device) {
                orphanDescriptors[name] = descriptors
            } else if devices[device]?.machine.deviceID == nil {
                store.remove(name)
            }
        }
    }

    /// A memfd that an orphan lives on must not be dropped: it may be all that is left of its contents.
    private func orphansMayNeed(_ name: String) -> Bool { devices[name] == nil && !orphans.isEmpty }
}
