import BlockABI
import Configuration
import DevicePolicy
import LinuxSys

// The block nodes as others see them: what udev is told, owner and mode, partitions. All of it follows the
// effects of an event, so that no recovery waits for it.
extension Supervisor {
    /// Before START_DEV makes the node.
    func expectNode(of device: Device, _ id: UInt32) {
        // Where the device was never started there is no disk; one that is adopted may have its own.
        if (try? control.info(of: id))?.state != .dead, let files = try? DiskFiles(disk: "ublkb\(id)") {
            return device.diskLook = .open(files)
        }
        device.hasNewDisk = true
        attempt("its note for udev was not written", of: device) { () throws(Errno) in
            try DiskNotes().expect("ublkb\(id)")
        }
    }

    func forgetNode(of device: Device) {
        if let disk = device.notedDisk {
            DiskNotes().forget(disk, sequence: device.diskLook.files?.sequence)
        }
        device.notedDisk = nil
        device.note = nil
        device.diskLook = .none
        device.hasNewDisk = false
        device.scan = nil
    }

    /// Writes what udev would read now.
    func noteNode(of device: Device) {
        guard let disk = device.disk else { return }
        device.notedDisk = disk
        let note = device.configuration.note(state: device.machine.visible.state.rawValue)
        guard note != device.note, device.machine.isVerified else { return }
        guard let files = device.diskLook.files else { return openDisk(of: device, thenAnnounce: false) }
        attempt("its note for udev was not written", of: device) { () throws(Errno) in
            try DiskNotes().write(note, of: disk, sequence: files.sequence)
            device.note = note
        }
    }

    /// What the kernel has begun on its disk and not seen the end of; 0 until that can be read.
    func inflight(onDiskOf device: Device) -> Int {
        guard let files = device.diskLook.files else {
            openDisk(of: device, thenAnnounce: false)
            return 0
        }
        return files.requestsInflight
    }

    /// An earlier ublkd told udev all of an adopted disk that there is to tell, and udev has acted on it: a hundred disks
    /// that are looked at once more would hold up what they are adopted for.
    /// True when that is so; its note is then the one that was written.
    func recallNote(of device: Device) -> Bool {
        guard let disk = device.disk, let sequence = device.diskLook.files?.sequence else { return false }
        let note = device.configuration.note(state: VisibleState.State.live.rawValue)
        guard DiskNotes().text(of: disk, sequence: sequence) == note.text,
            FileTree.link(at: "/dev/ublk/by-name/\(device.name)") == "../../\(disk)"
        else { return false }
        device.note = note
        return true
    }

    /// Its requests are answered, be it with errors: not so while they wait.
    func answersRequests(_ device: Device) -> Bool {
        switch device.machine.phase {
        case .live: true
        case .failed(let failed): failed.deviceID != nil && device.configuration.recovery == .failIO
        default: false
        }
    }

    /// The disk can be read (again), or its requests fail from now on: its node gets owner and mode, and udev has a look at it.
    func announceNode(of device: Device) {
        guard let files = device.diskLook.files else { return openDisk(of: device, thenAnnounce: true) }
        noteNode(of: device)
        attempt("udev was not told of it", of: device) { () throws(Errno) in
            try files.change([("UBLKDSTATE", device.machine.isLive ? "live" : "failed")])
        }
        guard device.hasNewDisk, let id = device.machine.deviceID else { return }
        device.hasNewDisk = false
        setAccess(of: device, id)
        if device.configuration.partitions { scanPartitions(of: device, id) }
    }

    /// Has an agent open the files of its disk. What waits for them follows.
    private func openDisk(of device: Device, thenAnnounce announces: Bool) {
        if case .asked(let asking) = device.diskLook {
            asking.announces = asking.announces || announces
            return
        }
        guard let disk = device.disk else { return }
        let asking = DiskLook.Asking(announces: announces)
        device.diskLook = .asked(asking)
        openFile(Sysfs.eventsPath(ofDisk: disk), writable: true, asking, device) { events in
            self.openFile(Sysfs.inflightPath(ofDisk: disk), writable: false, asking, device) { inflight in
                do throws(Errno) {
                    device.diskLook = .open(try DiskFiles(uevent: events, inflight: inflight))
                } catch {
                    return self.notOpened(asking, device, error)
                }
                self.noteNode(of: device)
                if asking.announces, self.answersRequests(device) { self.announceNode(of: device) }
            }
        }
    }

    private func openFile(
        _ path: String, writable: Bool, _ asking: DiskLook.Asking, _ device: Device,
        then goOn: @escaping (SharedFd) -> Void
    ) {
        do throws(Errno) {
            _ = try agents.submit(
                .openAttribute(path: path, writable: writable), role: .starting,
                deadline: configuration.daemon.controlTimeout.rawValue,
                opened: { file in
                    if device.diskLook.isAsked(by: asking) { goOn(file) }
                },
                report: { [weak self] outcome in
                    switch outcome {
                    case .submitted, .late, .returned: break
                    case .done(let result, _): self?.notOpened(asking, device, Errno(-result))
                    case .lost: self?.notOpened(asking, device, .timedOut)
                    }
                })
        } catch {
            notOpened(asking, device, error)
        }
    }

    /// The disk serves all the same, and udev is told of it when that can be done.
    private func notOpened(_ asking: DiskLook.Asking, _ device: Device, _ error: Errno) {
        guard device.diskLook.isAsked(by: asking) else { return }
        device.diskLook = .none
        // Of a disk that is gone, or never was, there is nothing to tell.
        guard answersRequests(device), error != .noSuchFile, error != .noSuchDevice else { return }
        log.write(.warning, "its files in sysfs were not opened: \(error)", device: device.name)
        if asking.announces { announceAgain(device) }
    }

    /// Owner, group and mode of `/dev/ublkbN`. udev sets them too, where there is one.
    func setAccess(of device: Device, _ id: UInt32) {
        let wanted = device.configuration
        guard let owner = HostUsers.user(named: wanted.owner),
            let group = HostUsers.group(named: wanted.group)
        else {
            return log.write(
                .warning,
                "owner '\(wanted.owner)' or group '\(wanted.group)' does not exist: its node keeps what it has",
                device: device.name)
        }
        let work = AgentWork.setNodeAccess(
            path: "/dev/ublkb\(id)", uid: owner.uid, gid: group, mode: wanted.mode)
        do throws(Errno) {
            _ = try agents.submit(
                work, role: .starting, deadline: configuration.daemon.controlTimeout.rawValue
            ) { [weak self, weak device] outcome in
                guard let device, case .done(let result, _) = outcome, result < 0 else { return }
                self?.log.write(
                    .warning, "its node's owner and mode were not set: \(Errno(-result))", device: device.name
                )
            }
        } catch {
            log.write(.warning, "its node's owner and mode were not set: \(error)", device: device.name)
        }
    }

    private func scanPartitions(of device: Device, _ id: UInt32) {
        do throws(Errno) {
            device.scan = try PartitionScan(node: "/dev/ublkb\(id)", loop: loop) {
                [weak self, weak device] problem in
                guard let self, let device else { return }
                device.scan = nil
                if let problem { self.log.write(.warning, problem, device: device.name) }
            }
        } catch {
            log.write(
                .warning, "its partitions were not made: partx (util-linux) does not start: \(error)",
                device: device.name)
        }
    }

    private func attempt(_ failure: String, of device: Device, _ body: () throws(Errno) -> Void) {
        do throws(Errno) {
            try body()
        } catch {
            log.write(.warning, "\(failure): \(error)", device: device.name)
        }
    }
}

extension DeviceConfiguration {
    fileprivate func note(state: String) -> DiskNotes.Note {
        DiskNotes.Note(name: name, state: state, owner: owner, group: group, mode: mode)
    }
}

extension DeviceMachine {
    /// The disk was seen LIVE: it can be told of.
    fileprivate var isVerified: Bool {
        switch phase {
        case .live, .recovering: true
        case .failed(let failed): failed.deviceID != nil
        case .absent, .starting, .stopping, .stopped, .removed: false
        }
    }
}
