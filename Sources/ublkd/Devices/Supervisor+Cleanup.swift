import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// Removal of an orphan: a device in the kernel that bears the mark of this instance, and that nothing here
// supervises. Its worker is killed first, because STOP_DEV waits for it without end; then STOP_DEV, and when
// that has returned DEL_DEV, both by an agent. The mark is looked at again before each of them.
extension Supervisor {
    private typealias Step = (WireError?) -> Void

    /// `force`: also while somebody has the disk in use.
    func cleanup(_ word: String, dryRun: Bool, force: Bool = false, answer: @escaping Answer) {
        let orphan: Orphan
        do throws(WireError) {
            orphan = try findOrphan(word, force: force)
        } catch {
            return answer(.failure(error))
        }
        guard !dryRun else { return answer(.success(.cleanup(orphan.reply(removed: false)))) }
        log.write(.notice, "\(orphan.name): cleanup: \(orphan.reply(removed: false).message)")
        cleanups.insert(orphan.id)
        remove(orphan, force: force) { [weak self] failure in
            guard let self else { return }
            self.cleanups.remove(orphan.id)
            if let failure {
                var why = "\(failure)"
                if case .busy = failure { why = "it is in use" }
                self.log.write(.error, "\(orphan.name): cleanup failed: \(why)")
                return answer(.failure(failure))
            }
            self.forget(orphan, word)
            answer(.success(.cleanup(orphan.reply(removed: true))))
        }
    }

    private func remove(_ orphan: Orphan, force: Bool, then: @escaping Step) {
        let take: Step = { failure in
            if let failure { return then(failure) }
            self.end(orphan.servers[...], of: orphan) { failure in
                if let failure { return then(failure) }
                self.command(.stopDevice(device: orphan.id), "STOP_DEV", of: orphan) { failure in
                    if let failure { return then(failure) }
                    self.command(.deleteDevice(device: orphan.id), "DEL_DEV", of: orphan, then: then)
                }
            }
        }
        guard !force, !orphan.servers.isEmpty else { return take(nil) }
        // Who uses a disk that is served only the kernel knows for certain, and is asked while the worker lives.
        let asking: AgentWork =
            traits.canTryStop
            ? .tryStopDevice(device: orphan.id)
            : .stopUnclaimedDevice(device: orphan.id, node: "/dev/\(orphan.name)")
        command(asking, "TRY_STOP_DEV", of: orphan, then: take)
    }

    private func forget(_ orphan: Orphan, _ word: String) {
        orphans.remove(orphan.id)
        DiskNotes().forget(orphan.name, sequence: orphan.sequence)
        for name in Set(orphanDescriptors.keys.compactMap(\.device)).union([word])
        where OwnerCookie(instance: instance, name: name).rawValue == orphan.cookie && devices[name] == nil {
            for kept in orphanDescriptors.keys where kept.device == name { orphanDescriptors[kept] = nil }
            store.removeAll(of: name)
            state.remove(name)
        }
        let message = orphan.reply(removed: true).message
        note(.removed, "an orphan of ours was cleaned up: \(message)", device: orphan.name)
        log.write(.notice, "\(orphan.name): cleanup: \(message)")
    }

    // MARK: - Which

    /// - Throws: why the word names no device that may be removed.
    private func findOrphan(_ word: String, force: Bool) throws(WireError) -> Orphan {
        if let device = device(named: word) { throw refusal(device) }
        guard let (id, info) = kernelDevice(word) else { throw .noSuchDevice(name: word) }
        let name = "ublkb\(id)"
        guard let mark = OwnerCookie(rawValue: info.cookie), mark.isOf(instance: instance) else {
            throw .refused(
                name: name,
                reason: "it was made by another tool or another instance, which alone may remove it")
        }
        // A configured device may be on its way into the kernel, or out of it.
        let owner = devices.values.first { $0.cookie(instance: instance) == mark }
        if let owner, !orphans.contains(id) { throw refusal(owner) }
        guard !cleanups.contains(id) else { throw .refused(name: name, reason: "it is being removed") }
        let servers = NodeHolders.processes(ofNode: "/dev/ublkc\(id)").compactMap {
            NodeHolders.maps(pid: $0.pid, node: "/dev/ublkc\(id)") ? try? ProcessIdentity(of: $0.pid) : nil
        }
        let users = DiskUsers.of(name).map { Holder($0) }
        guard force || users.isEmpty || servers.isEmpty else { throw .busy(name: name, holders: users) }
        return Orphan(
            id: id, cookie: info.cookie, device: unsupervised(id, info), servers: servers,
            sequence: Sysfs.diskSequence(of: name))
    }

    private func refusal(_ device: Device) -> WireError {
        .refused(
            name: device.name, reason: "it is configured: use `ublkctl stop`, or take it out and reload")
    }

    /// By `N`, `ublkbN`, the path of the node, or the name that its mark was made of.
    private func kernelDevice(_ word: String) -> (UInt32, DeviceInfo)? {
        let known = Sysfs.ublkDevices()
        if let id = Self.deviceNumber(word) {
            guard known.contains(id), let info = try? control.info(of: id) else { return nil }
            return (id, info)
        }
        let mark = OwnerCookie(instance: instance, name: word).rawValue
        for id in known {
            if let info = try? control.info(of: id), info.cookie == mark { return (id, info) }
        }
        return nil
    }

    // MARK: - Steps

    /// Kills the processes, one after another, and waits for their end.
    private func end(
        _ servers: ArraySlice<ProcessIdentity>, of orphan: Orphan, then: @escaping Step
    ) {
        guard let server = servers.first else { return then(nil) }
        let wait = Wait()
        let finish: Step = { failure in
            guard !wait.sources.isEmpty else { return }
            wait.sources = []
            if let failure { return then(failure) }
            self.end(servers.dropFirst(), of: orphan, then: then)
        }
        do throws(Errno) {
            let pidfd = SharedFd(try server.open())
            try Pidfd.signal(pidfd.fd, SignalNumber.kill)
            wait.sources = [
                try loop.addIO(pidfd.fd.raw, events: .readable) { _ in
                    // Of a child of ours nothing is to be left.
                    _ = try? Pidfd.reap(pidfd.fd)
                    finish(nil)
                },
                try loop.addTimer(afterMilliseconds: Wait.deathTime) {
                    finish(
                        .failed(
                            name: orphan.name,
                            message: "process \(server.pid) was killed and does not end; try again later"))
                },
            ]
        } catch {
            // It has ended by itself.
            if error == .noSuchProcess { return end(servers.dropFirst(), of: orphan, then: then) }
            then(.failed(name: orphan.name, message: "process \(server.pid) cannot be ended: \(error)"))
        }
    }

    private func command(_ work: AgentWork, _ words: String, of orphan: Orphan, then: @escaping Step) {
        do throws(Errno) {
            guard try control.info(of: orphan.id).cookie == orphan.cookie else {
                return then(
                    .refused(name: orphan.name, reason: "another tool has taken its number meanwhile"))
            }
        } catch {
            guard error != .noSuchDevice else { return then(nil) }
            return then(.failed(name: orphan.name, message: "the kernel does not say whose it is: \(error)"))
        }
        do throws(Errno) {
            _ = try agents.submit(
                work, role: .stopping, deadline: configuration.daemon.controlTimeout.rawValue
            ) { outcome in
                switch outcome {
                case .submitted, .late, .returned: break
                case .lost: then(.timeout(name: orphan.name))
                case .done(let result, _): then(orphan.failure(of: words, result))
                }
            }
        } catch {
            then(.failed(name: orphan.name, message: "no control agent for \(words): \(error)"))
        }
    }
}

/// What is to be removed.
private struct Orphan {
    let id: UInt32
    let cookie: UInt64
    let device: ForeignDevice
    /// Processes that have its descriptors mapped.
    let servers: [ProcessIdentity]
    /// The kernel's number of the disk, if there is one.
    let sequence: UInt64?
    var name: String { "ublkb\(id)" }

    func reply(removed: Bool) -> CleanupReply {
        let workers = servers.map { "process \($0.pid)" }.joined(separator: ", ")
        let message =
            switch (removed, servers.isEmpty) {
            case (true, true): "removed; it had no worker"
            case (true, false): "removed; its worker (\(workers)) was ended"
            case (false, true): "would be removed; it has no worker"
            case (false, false): "would be removed, and its worker (\(workers)) ended"
            }
        return CleanupReply(device: device, removed: removed, message: message)
    }

    /// What the kernel's answer to a command means; nil: it is done.
    func failure(of words: String, _ result: Int32) -> WireError? {
        let errno = Errno(-result)
        if result >= 0 || errno == .noSuchDevice || errno == .noSuchFile { return nil }
        if errno == .busy { return .busy(name: name, holders: [Holder(kind: .unknown)]) }
        // Cancelled at its deadline.
        if errno == .interrupted || errno == .canceled { return .timeout(name: name) }
        return .failed(name: name, message: "the kernel refused \(words): \(errno)")
    }
}

/// What a removal waits for; let go of once one of them came.
private final class Wait {
    /// Milliseconds that a killed process gets to end.
    static let deathTime: UInt64 = 5_000
    var sources: [Source] = []
}
