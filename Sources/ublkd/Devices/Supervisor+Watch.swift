import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import Systemd

// Signs of life: probes, and the looks at the queues of a live device. All of it is read from the status page
// and from counters of the kernel; nobody is waited for.
extension Supervisor {
    // MARK: - Probe

    /// Asks every queue thread for a sign of life and looks at the status page until all have answered.
    func beginProbe(_ id: WorkerID, of device: Device) {
        probeNumber += 1
        device.probe = (id, probeNumber, 1, nil)
        send(.probe(probeNumber), to: id, of: device)
        pollProbe(device)
    }

    private func pollProbe(_ device: Device) {
        guard let probe = device.probe, let page = device.page else { return }
        for queue in 0..<page.page.queues where page.page.queue(queue).probeAnswered < probe.number {
            // Where a hundred are asked, their threads need the CPU more than this does.
            device.probe?.wait = min(probe.wait * 2, 8)
            device.probe?.poll = try? loop.addTimer(afterMilliseconds: probe.wait) {
                [weak self, weak device] in
                if let self, let device { self.pollProbe(device) }
            }
            return
        }
        device.probe = nil
        handle(.probeAnswered(probe.worker), of: device)
    }

    // MARK: - Looks

    func probeQueues(_ id: WorkerID, of device: Device) {
        probeNumber += 1
        device.lookProbe = probeNumber
        send(.probe(probeNumber), to: id, of: device)
    }

    /// Looks at the device's queues again and again while it is live. A worker whose socket could not be had
    /// cannot be probed, so it is not suspected either.
    func watchQueues(of device: Device) {
        var interval = StallWatch.interval(device.machine.settings.stallTimeout)
        // Somebody waits for the first request of a new program.
        if case .live(let live) = device.machine.phase, live.isTrial { interval = min(interval, 50) }
        device.lookTimer = try? loop.addTimer(afterMilliseconds: interval) { [weak self, weak device] in
            guard let self, let device else { return }
            device.lookTimer = nil
            guard case .live(let live) = device.machine.phase, let page = device.page,
                device.workers[live.worker.id]?.channel != nil
            else { return }
            let queues = (0..<page.page.queues).map { page.page.queue($0) }
            self.tellOfFailures(in: queues, of: device, areMeant: live.failing)
            let samples = queues.map { QueueSample($0, probe: device.lookProbe) }
            let inflight = self.inflight(onDiskOf: device)
            self.handle(
                .looked(
                    samples, diskInflight: inflight, hasServed: device.hasServed(pid: live.worker.pid)),
                of: device)
            self.watchQueues(of: device)
        }
    }

    /// `areMeant`: its worker answers EIO to everything, which was told when that began.
    private func tellOfFailures(in queues: [QueueStatus], of device: Device, areMeant: Bool) {
        let total = queues.reduce(0) { $0 &+ $1.errors }
        guard !areMeant else { return device.failures.pass(over: total) }
        guard let count = device.failures.news(total: total, at: .now) else { return }
        let last = queues.filter { $0.lastError != nil }
            .max { ($0.failures.last?.at ?? 0) < ($1.failures.last?.at ?? 0) }
        log.write(
            .warning,
            "\(count) \(count == 1 ? "request" : "requests") failed, the last one: \(last?.lastError ?? "not known")",
            device: device.name)
    }
}

extension QueueSample {
    init(_ queue: QueueStatus, probe: UInt64) {
        let recovery: QueueRecoveryState =
            switch queue.state {
            case .recovering: .recovering
            case .failed: .failed
            default: .none
            }
        self.init(
            inflight: queue.inflight, completed: queue.completed &+ queue.errors,
            answeredProbe: queue.probeAnswered >= probe, recovery: recovery)
    }
}
