import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

/// ublkd itself: one thread, one event loop. It owns every device, worker and agent of its instance, tells
/// policies what happened and performs what they ask. It never serves I/O and never blocks on the kernel.
final class Supervisor {
    let options: Options
    let loop: EventLoop
    let log: HostLog
    let notify: Notify
    let store: FdStore
    let state: StateStore
    let control: ControlDevice
    let features: DeviceFlags
    let traits: KernelTraits
    let kernelRelease: String
    /// Why the running kernel's driver cannot be used at all.
    let defect: KernelDefect?
    let workers: WorkerPool
    let agents: AgentPool
    let startedAt = Moment.now
    var wallClock = WallClock()

    var configuration: HostConfiguration
    var configState: HostStatus.ConfigState = .current
    var configProblems: [Problem] = []
    var devices: [String: Device] = [:]
    /// Devices of ours that no configuration names: they go on serving and are never touched.
    var orphans: Set<UInt32> = []
    /// What the fd store has under names that the configuration does not know: of orphans, or of nobody.
    var orphanDescriptors: FdStore.Inherited = [:]
    var slots: RecoverySlots
    /// Numbers that another tool took between our look and our ADD_DEV.
    var refusedIDs: Set<UInt32> = []
    var workerUser: (uid: UInt32, gid: UInt32)?
    var probeNumber = Clock.monotonic()
    var server: SocketServer?
    var reloads = ReloadQueue()
    let eventLog = EventLog()
    /// Numbers of orphans whose removal is under way.
    var cleanups: Set<UInt32> = []

    private var events: [(device: Device, event: DeviceEvent)] = []
    private var isHandling = false
    private var untold: [(level: LogLevel, text: String, device: String)] = []
    /// Events that the journal is yet to be told.
    var unwritten: [(draft: EventDraft, device: String, id: UInt32?)] = []
    /// Devices whose node is to be told of: anew to everybody, or as a note alone.
    private var announced: [Device] = []
    private var changed: [Device] = []
    private var statusIsStale = false
    private var isReady = false
    var startsDevices = true
    var isAdopting = false
    /// While the host goes down.
    var shutdown: HostShutdown?
    private var sources: [Source] = []
    private var readyTimer: Source?
    private var closedTimer: Source?
    var shutdownTimer: Source?
    private var statusTimer: Source?
    private var announcing: Source?
    private var lastStatusText = ""

    var instance: String { configuration.daemon.instance }

    init(
        options: Options, configuration: HostConfiguration, control: consuming ControlDevice,
        features: DeviceFlags, state: StateStore, log: HostLog, notify: Notify, loop: EventLoop
    ) {
        self.options = options
        self.configuration = configuration
        self.control = control
        self.features = features
        self.state = state
        self.log = log
        self.notify = notify
        self.loop = loop
        traits = KernelTraits(features: features)
        kernelRelease = Host.kernelRelease
        defect = KernelDefect(release: kernelRelease)
        store = FdStore(notify)
        workers = WorkerPool(
            loop: loop, program: options.worker, wanted: configuration.daemon.spareWorkers, log: log)
        agents = AgentPool(loop: loop, program: options.worker, log: log)
        slots = RecoverySlots(limit: configuration.daemon.maxRecoveries)
        workerUser = Self.user(configuration.daemon.workerUser)
        notify.use(loop)
    }

    static func user(_ name: String) -> (uid: UInt32, gid: UInt32)? {
        name == "root" ? (0, 0) : HostUsers.user(named: name)
    }

    // MARK: - Life

    /// `adoptOnly`: the configuration in force is the last good one, so what exists is supervised and nothing
    /// is added.
    func run(inherited: FdStore.Inherited, adoptOnly: Bool) throws(Errno) {
        try watchSignals()
        try notify.feedWatchdog(from: loop)
        if inherited[.control]?.allSatisfy({ ControlDevice.isOne($0.fd) }) == false { store.remove(.control) }
        store.keep(control.fd, as: .control)
        note(.begun, "ublkd \(ProductVersion.text) begins, process \(Host.processID)")
        if configState != .current { noteInvalidConfiguration() }
        registerAll()
        try adoptDevices(inherited)
        stopLeaving()
        recallStopped()
        startsDevices = !adoptOnly
        if startsDevices {
            for device in configuration.devices where device.autostart { start(device.name) }
        }
        agents.warmUp()
        workers.wanted = configuration.daemon.spareWorkers
        server = try SocketServer(path: state.socketPath, supervisor: self)
        readyTimer = try loop.addTimer(
            afterMilliseconds: configuration.daemon.startTimeout.rawValue
        ) { [weak self] in self?.becomeReady() }
        refreshStatus()
        try loop.run()
    }

    func watchSignals() throws(Errno) {
        sources.append(try loop.addSignal(SignalNumber.hangUp) { [weak self] in self?.reloadAfterSignal() })
        for number in [SignalNumber.terminate, SignalNumber.interrupt] {
            sources.append(try loop.addSignal(number) { [weak self] in self?.leave() })
        }
        sources.append(try loop.addSignal(SignalNumber.user1) { [weak self] in self?.logState() })
    }

    /// Ends ublkd and nothing else: devices and their workers stay.
    func leave() {
        log.write(.notice, "ending; devices and workers go on serving until ublkd is started again")
        notify.stopping()
        for device in devices.values { save(device, worker: device.machine.worker) }
        workers.end()
        agents.end()
        server = nil
        loop.exit()
    }

    private func becomeReady() {
        readyTimer = nil
        guard !isReady else { return }
        isReady = true
        notify.ready()
        log.write(.notice, "ready: \(summary)")
    }

    // MARK: - Events

    func register(_ configured: DeviceConfiguration) {
        let machine = DeviceMachine(
            name: configured.name,
            settings: configured.policySettings(
                controlTimeout: configuration.daemon.controlTimeout.rawValue, traits: traits),
            traits: traits, seed: UInt32(truncatingIfNeeded: Clock.monotonic()))
        devices[configured.name] = Device(configured, machine: machine, now: .now)
    }

    /// Queues an event that is known while another is handled.
    func post(_ event: DeviceEvent, to device: Device) {
        events.append((device, event))
        if !isHandling { drain() }
    }

    func handle(_ event: DeviceEvent, of device: Device) { post(event, to: device) }

    private func drain() {
        isHandling = true
        while !events.isEmpty {
            let (device, event) = events.removeFirst()
            TestPoint.pass("ublkd.heard.\(event.name)")
            let now = Instant.now
            let effects = device.machine.handle(event, at: now)
            noteStep(of: device, event, effects)
            for effect in effects {
                // What is only to be told waits until everything is done that somebody waits for.
                if case .log(let level, let text) = effect {
                    untold.append((level, text, device.name))
                } else {
                    perform(effect, of: device)
                }
            }
            noteChange(of: device)
        }
        tellNodes()
        for (level, text, name) in untold { log.write(level, text, device: name) }
        untold = []
        for (draft, device, id) in unwritten { log.write(draft, device: device, id: id) }
        unwritten = []
        eventLog.deliver()
        refreshStatusSoon()
        // From here on what a client asks is handled at once.
        isHandling = false
        guard events.isEmpty else { return drain() }
        // Many devices at work keep the loop busy; who asks meanwhile gets a turn in between.
        server?.takeTurn()
    }

    private func tellNodes() {
        for device in changed { noteNode(of: device) }
        changed = []
        guard !announced.isEmpty, announcing == nil else { return }
        // Each disk that udev looks at takes CPU from those whose applications still wait.
        if slots.hasWaiting { announceLater(afterMilliseconds: 250) } else { announce() }
    }

    /// A few at a time: each takes a write to the kernel that is no short one.
    private func announce() {
        announcing = nil
        let turn = announced.prefix(4)
        announced.removeFirst(turn.count)
        for device in turn {
            // One that is being recovered again is told of when that is over.
            if answersRequests(device) { announceNode(of: device) }
        }
        if !announced.isEmpty { announceLater(afterMilliseconds: slots.hasWaiting ? 250 : 5) }
    }

    /// In a second, as it could not be done now.
    func announceAgain(_ device: Device) {
        announced.append(device)
        if announcing == nil { announceLater(afterMilliseconds: 1_000) }
    }

    private func announceLater(afterMilliseconds delay: UInt64) {
        announcing = try? loop.addTimer(afterMilliseconds: delay) { [weak self] in self?.announce() }
    }

    private func noteChange(of device: Device) {
        let visible = device.machine.visible
        guard visible != device.visible else { return }
        if visible.state != device.visible.state {
            device.visibleSince = .now
            changed.append(device)
            if visible.state == .pendingRemoval { watchForClose() }
            answerStopWaiters(device)
            switch visible.state {
            case .stopped, .failed, .held, .absent:
                if device.disk != nil, answersRequests(device) { announced.append(device) }
                save(device, worker: device.machine.worker)
                handOverEnded(device, Failure(.none, "it is not live any more"))
            default:
                // What an operator asks for is not forgotten with this ublkd.
                if let saved = device.savedRecord, saved.isStopped || saved.givenUp != nil {
                    save(device, worker: device.machine.worker)
                }
            }
        }
        device.visible = visible
        statusIsStale = true
    }

    // MARK: - What follows from effects

    func deviceAdded(_ device: Device, _ id: UInt32) {
        device.preferredID = id
        expectNode(of: device, id)
    }

    func deviceDeleted(_ device: Device) {
        forgetNode(of: device)
        let size = device.configuration.size
        takeWanted(for: device)
        device.page = nil
        device.parameters = nil
        device.affinity = []
        if device.isLostWithWorker && device.configuration.size == size && !device.machine.isAtRest {
            // Its contents outlive the worker, and the next disk has them again.
            for name in [FdStore.Name.page(device.name), .socket(device.name)] { store.remove(name) }
        } else {
            device.memory = nil
            store.removeAll(of: device.name)
        }
        device.isLostWithWorker = false
        save(device, worker: nil)
    }

    func becameLive(_ device: Device, _ recovery: RecoveryRecord?) {
        save(device, worker: device.machine.worker)
        if recovery != nil || !isAdopting || !recallNote(of: device) { announced.append(device) }
        watchQueues(of: device)
        grow(device)
        if device.machine.removalPending { watchForClose() }
    }

    func forget(_ device: Device) {
        state.remove(device.name)
        device.savedRecord = nil
        store.removeAll(of: device.name)
        device.timers = [:]
        grant(slots.release(device.name))
        answerStopWaiters(device)
        devices[device.name] = nil
        log.write(.notice, "removed", device: device.name)
        // It may have come back to the configuration while it went.
        if shutdown == nil, let again = configuration.devices.first(where: { $0.name == device.name }) {
            add(again)
        }
    }

    func save(_ device: Device, worker: WorkerRef?) {
        // One that was forgotten leaves nothing behind.
        guard devices[device.name] === device else { return }
        var record = DeviceRecord(
            bootID: state.bootID, name: device.name, deviceID: device.machine.deviceID ?? device.preferredID,
            cookie: device.cookie(instance: instance).rawValue, facts: device.machine.facts,
            recoveries: device.machine.recoveries, isStopped: false, queues: device.configuration.queues,
            isLeaving: isLeaving(device))
        if case .stopped = device.machine.phase { record.isStopped = true }
        record.lastRecovery = endedRecovery(of: device)
        // What waits for a worker to come is not done: the next ublkd finds it in the configuration.
        if device.machine.deviceID != nil || record.isLeaving {
            record.configuration = device.serialized(device.configuration(servedBy: worker))
        }
        record.givenUp = device.machine.givenUp
        record.isReplacing = device.machine.isReplacing ? true : nil
        if let worker = worker.flatMap({ device.workers[$0.id] }), let identity = worker.identity {
            record.workerPID = identity.pid
            record.workerStart = identity.startTime
        }
        guard record != device.savedRecord else { return }
        do throws(Errno) {
            try state.write(record)
            device.savedRecord = record
        } catch {
            log.write(
                .warning, "its record was not written (\(error)): ublkd goes on without it",
                device: device.name)
        }
    }

    /// What an operator stopped stays so, and every device keeps its number, whether it is started now or not.
    private func recallStopped() {
        for device in configuration.devices.compactMap({ devices[$0.name] }) {
            guard case .absent = device.machine.phase, let record = state.record(of: device.name) else {
                continue
            }
            device.savedRecord = record
            device.preferredID = device.configuration.id ?? record.deviceID
            if record.isStopped { post(.stop(remove: false, force: false, isOpen: false), to: device) }
        }
    }

    /// A device that came to the configuration while ublkd runs.
    func add(_ configured: DeviceConfiguration) {
        register(configured)
        guard let device = devices[configured.name] else { return }
        do throws(Errno) {
            if try takeBack(device) { return }
        } catch {
            // To make it might be to make it twice.
            return log.write(
                .error, "not started, as the kernel does not say whose the disks are: \(error); reload again",
                device: device.name)
        }
        if configured.autostart { start(configured.name) }
    }

    func start(_ name: String) {
        guard let device = devices[name], case .absent = device.machine.phase else { return }
        // Numbers are given in the order of the configuration, though the devices start side by side.
        device.preferredID = device.configuration.id ?? device.preferredID ?? freeID(for: device)
        post(.start, to: device)
    }

    /// The kernel gives no sign of a node's last close, so a disk that waits for it is looked at.
    func watchForClose() { watchForClose(afterMilliseconds: 500) }

    private func watchForClose(afterMilliseconds delay: UInt64) {
        guard closedTimer == nil else { return }
        closedTimer = try? loop.addTimer(afterMilliseconds: delay) { [weak self] in
            guard let self else { return }
            self.closedTimer = nil
            let began = Clock.monotonic()
            let leaving = self.devices.values.filter(\.machine.removalPending)
            let users = self.users(of: leaving)
            for device in leaving where users[device.name] == nil { self.post(.closed, to: device) }
            guard self.devices.values.contains(where: \.machine.removalPending) else { return }
            // A look at every process of a large host is no small thing: it takes a twentieth of the time at most.
            let took = (Clock.monotonic() - began) / 1_000_000
            self.watchForClose(afterMilliseconds: max(500, took * 20))
        }
    }

    /// Who has the disk in use: mounts, other block devices, swap, processes.
    func users(of device: Device) -> [Holder] { users(of: [device])[device.name] ?? [] }

    /// The same for several, by name, in one look; a device without users is not in it.
    func users(of devices: [Device]) -> [String: [Holder]] {
        let users = DiskUsers.of(devices.compactMap(\.disk))
        return devices.reduce(into: [:]) { found, device in
            found[device.name] = device.disk.flatMap { users[$0] }?.map { Holder($0) }
        }
    }

    // MARK: - Status line

    /// Many devices that change at once are one line.
    private func refreshStatusSoon() {
        guard statusIsStale, statusTimer == nil else { return }
        statusTimer = try? loop.addTimer(afterMilliseconds: 20) { [weak self] in self?.refreshStatus() }
    }

    func refreshStatus() {
        statusTimer = nil
        statusIsStale = false
        let text = summary
        if text != lastStatusText {
            lastStatusText = text
            notify.status(text)
        }
        let allAttempted = devices.values.allSatisfy {
            $0.machine.attempted || !$0.configuration.autostart || !startsDevices
        }
        if !isReady && readyTimer != nil && allAttempted { becomeReady() }
    }

    /// One line on the whole.
    var summary: String {
        var counts: [String: Int] = [:]
        for device in devices.values { counts[device.visible.state.rawValue, default: 0] += 1 }
        let states = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let devicesText = states.isEmpty ? "no devices" : states.joined(separator: ", ")
        return switch configState {
        case .current: devicesText
        case .lastGood, .invalid:
            "\(devicesText); the configuration has \(configProblems.count) errors, the last good one is in force"
        }
    }

    private func logState() {
        log.write(
            .notice, "state: \(summary); \(workers.readySpares) spare workers, \(agents.running) agents")
        for device in devices.values.sorted(by: { $0.name < $1.name }) {
            let v = device.machine.visible
            let number = device.machine.deviceID.map { "ublkb\($0)" } ?? "no device"
            let worker = device.machine.worker.map { "worker \($0.pid)" } ?? "no worker"
            log.write(
                .notice,
                "\(v.state.rawValue), \(number), \(worker), \(device.machine.recoveries) recoveries \(v.message)",
                device: device.name)
        }
    }
}
