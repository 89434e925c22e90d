import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

// The host goes down. File systems are unmounted meanwhile, and what they write out has to arrive: devices are supervised
// as ever, and each is stopped when its last user is gone. One that is still in use after the grace is failed, so that
// unmounting cannot hang.
extension Supervisor {
    /// Milliseconds between two looks at who uses what.
    private static let interval: UInt64 = 100

    /// Adopts every device of this instance and stops it. Returns the exit status: 0 if none is left.
    func shutDown(inherited: FdStore.Inherited) throws(Errno) -> Int32 {
        let state = HostShutdown(began: .now, grace: configuration.daemon.shutdownGrace.rawValue)
        shutdown = state
        startsDevices = false
        try watchSignals()
        registerAll()
        try adoptDevices(inherited)
        guard isAnyLeft else { return 0 }
        log.write(.notice, "the host goes down: devices are stopped as they become unused (\(summary))")
        agents.warmUp()
        workers.wanted = configuration.daemon.spareWorkers
        stop(disks, force: false)
        look()
        try loop.run()
        let left = disks.filter { !$0.machine.isDeleting }
        guard !left.isEmpty || !orphans.isEmpty else { return 0 }
        log.write(.error, "devices are left: \(summary)")
        return 1
    }

    private var disks: [Device] { devices.values.filter { $0.machine.deviceID != nil } }

    private var isAnyLeft: Bool { !disks.isEmpty || !orphans.isEmpty }

    private func stop(_ devices: [Device], force: Bool) {
        let users = users(of: devices)
        for device in devices {
            post(.stop(remove: true, force: force, isOpen: users[device.name] != nil), to: device)
        }
    }

    private func look() {
        shutdownTimer = nil
        let now = Instant.now
        let onlyDeletions = orphans.isEmpty && disks.allSatisfy(\.machine.isDeleting)
        guard isAnyLeft, let state = shutdown, !state.isOver(at: now),
            shutdown?.isDone(onlyDeletions, at: now) == false
        else { return loop.exit() }
        if !state.isForced {
            if state.isGraceOver(at: now) {
                shutdown?.isForced = true
                writeOut()
            } else {
                stopIdle(now)
            }
        }
        shutdownTimer = try? loop.addTimer(afterMilliseconds: Self.interval) { [weak self] in self?.look() }
        if shutdownTimer == nil { loop.exit() }
    }

    private func stopIdle(_ now: Instant) {
        let names = disks.compactMap(\.disk) + orphans.map { "ublkb\($0)" }
        let users = DiskUsers.of(names)
        for device in disks {
            guard let disk = device.disk, !device.machine.isStopping else { continue }
            let use = HostShutdown.use(of: disk) { names.contains($0) ? users[$0] ?? [] : DiskUsers.of($0) }
            if use == .none, device.machine.removalPending { post(.closed, to: device) }
            guard shutdown?.isIdle(device.name, use, at: now) == true else { continue }
            log.write(
                .notice, "only block devices that nobody uses are on it: it is stopped", device: device.name)
            stop([device], force: true)
        }
        for id in orphans where users["ublkb\(id)"] == nil && shutdown?.mayTry(id, at: now) == true {
            cleanup("\(id)", dryRun: false) { _ in }
        }
    }

    /// What file systems hold may still reach the disks; after a time, whatever became of that, those are taken away.
    private func writeOut() {
        var waiting = 1
        let done: () -> Void = { [weak self] in
            waiting -= 1
            if waiting == 0 { self?.forceRest() }
        }
        for path in Set(users(of: disks).values.joined().compactMap(\.path)) {
            waiting += 1
            var isDone = false
            let report: (AgentPool.Outcome) -> Void = { outcome in
                if case .submitted = outcome { return }
                guard !isDone else { return }
                isDone = true
                done()
            }
            let work = AgentWork.syncFileSystem(path: path)
            if (try? agents.submit(work, role: .files, deadline: HostShutdown.syncTime, report: report))
                == nil
            {
                waiting -= 1
            }
        }
        done()
    }

    private func forceRest() {
        let disks = disks
        let users = users(of: disks)
        for device in disks {
            let names = (users[device.name] ?? []).map(\.words).joined(separator: ", ")
            log.write(
                .error,
                "still in use (\(names.isEmpty ? "by whom is not known" : names)) "
                    + "\(configuration.daemon.shutdownGrace.rawValue / 1000) s after the host began to go down: its I/O fails from now on",
                device: device.name)
        }
        stop(disks, force: true)
        for id in orphans { cleanup("\(id)", dryRun: false, force: true) { _ in } }
    }
}

extension Holder {
    /// `mounted on /srv`.
    fileprivate var words: String {
        switch kind {
        case .mount: "mounted on \(path ?? "?")"
        case .swap: "swap"
        case .device: "under \(name ?? "?")"
        case .process: "open in \(name ?? "?") (process \(pid ?? 0))"
        case .unknown: "open"
        }
    }
}
