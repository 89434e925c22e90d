import StatusWire

/// Values with every optional field filled, and with none.
enum Samples {
    static let moment = Timestamp(seconds: 1_785_587_696, nanoseconds: 789_000_000)

    static let queue = QueueSummary(
        index: 1, tid: 4243, state: .serving, inflight: 3, reads: 10, writes: 20, readBytes: 40_960,
        writeBytes: 81_920, errors: 1, recoveries: 2, lastError: "EIO on a write", lastProgressAt: moment)

    static let steps = RecoverySteps(
        detected: 10.001, startSent: 10.002, startAccepted: 10.04, endSent: 10.041, attachSent: 10.0411,
        fetched: 10.05, live: 10.052, firstIO: 10.06)

    static let device = DeviceSummary(
        name: "data", id: 3, node: "/dev/ublkb3", state: .live, reason: .none, message: "all is well",
        since: moment, nextAttempt: moment, kernelState: .live, workerPid: 4242, target: "file",
        size: 1 << 30, recoveries: 4,
        lastRecovery: LastRecovery(
            cause: .signal(9), scope: .worker, startedAt: moment, downtimeSeconds: 0.052, steps: steps),
        queues: [queue, QueueSummary(index: 0, state: .slow)], owner: .ours)

    static let bareDevice = DeviceSummary(name: "new", state: .absent, since: moment, target: "null")

    static let detail = DeviceDetail(
        summary: device, path: "/srv/data.img", options: ["target": "file", "queues": "2"],
        geometry: DeviceGeometry(
            queues: 2, queueDepth: 128, blockSize: 512, physicalBlockSize: 4096, maxIO: 524_288,
            sectors: 2_097_152),
        modes: DeviceModes(io: "copy", recovery: "reissue", readOnly: false, discard: true),
        memory: WorkerMemory(residentBytes: 6_000_000, lockedBytes: 5_000_000), directIO: true,
        warnings: ["the backend has no direct I/O"], detailMessage: "/srv/data.img is well",
        cookie: "0x75626c6b00000001", flags: ["USER_RECOVERY"])

    static let problem = Problem(
        file: "/etc/ublkd/ublkd.toml", line: 3, column: 5, length: 4, message: "unknown key",
        excerpt: "    sise = 1", excerptColumn: 1, hint: "did you mean 'size'?")

    static let host = HostStatus(
        version: "1.2.3", pid: 77, startedAt: moment, instance: "default",
        configFile: "/etc/ublkd/ublkd.toml", configState: .lastGood, configProblems: [problem],
        kernel: KernelSummary(release: "7.3.4", features: 0x1f_ffff, family: "modern"),
        counts: [.live: 2, .failed: 1], spareWorkers: 1, agents: AgentSummary(running: 3, writtenOff: 1),
        foreignDevices: [
            ForeignDevice(
                id: 9, node: "/dev/ublkb9", owner: .foreign, kernelState: .live, serverPid: 99, size: 4096,
                queues: 1, message: "of another tool")
        ], message: "2 live, 1 failed")

    static let outcome = DeviceOutcome(
        name: "data", outcome: .busy, state: .live, message: "in use",
        holders: [
            Holder(kind: .mount, path: "/data"),
            Holder(kind: .process, name: "fio", pid: 5),
        ])

    static let plannedChange = PlannedChange(
        name: "data", changeClass: .remove, action: .stop, reason: "it is in use", holders: outcome.holders)

    static let event = EventRecord(
        seq: 12, time: moment, device: "data", kind: .recovered, message: "recovered after signal:9",
        cause: .signal(9), scope: .worker, downtimeSeconds: 0.052)

    static let gap = EventRecord(seq: 11, time: moment, kind: .gap, message: "11 are lost", lost: 11)

    static let cleanup = CleanupReply(
        device: host.foreignDevices[0], removed: true, message: "removed; it had no worker")

    static let reloadOutcome = ReloadOutcome(
        name: "data", changeClass: .recreate, action: .handOver, outcome: .pending, reason: "queues differ",
        holders: outcome.holders)
}
