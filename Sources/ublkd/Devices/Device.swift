import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

/// One device of this instance: its policy, and the handles that live as long as the device.
final class Device {
    let name: String
    var configuration: DeviceConfiguration
    var machine: DeviceMachine
    /// Workers that were given to this device and are not reaped yet.
    var workers: [WorkerID: WorkerProcess] = [:]
    /// The status page; made with the first worker, kept through all of them.
    var page: SharedPage?
    /// Contents of a `memory` device.
    var memory: SharedFd?
    var timers: [DeviceTimer: Source] = [:]
    /// Its workers come from this program after an upgrade failed; nil: from the one in use.
    var program: WorkerProgram?
    /// What its worker ran before the upgrade that is under way or on trial.
    var formerProgram: WorkerProgram?
    /// Calls that wait for a hand-over to come to its end.
    var upgradeWaiters: [(Failure?) -> Void] = []
    /// Backends that were opened for queues and are to be passed to the worker.
    var openedBackends: [Int: SharedFd] = [:]
    /// An agent was given up while it opened the backend, and is not back.
    var isOpenLost = false
    /// The next look at its queues.
    var lookTimer: Source?
    /// Number of the last probe that looks wait for.
    var lookProbe: UInt64 = 0
    /// What was told of requests that failed.
    var failures = FailureReport()
    /// The control command under way, by the agent's token.
    var controlToken: (step: ControlStep, token: UInt64)?
    var probe: (worker: WorkerID, number: UInt64, wait: UInt64, poll: Source?)?
    /// Number to take again after a stop: it is kept until the device is removed.
    var preferredID: UInt32?
    /// Fell into the present visible state at this time.
    var visibleSince: Moment
    var visible: VisibleState
    /// A change of the configuration that this device cannot take now, in words.
    var pendingChange: String?
    /// Calls that wait for this device's stop to come to an end.
    var stopWaiters: [(DeviceOutcome) -> Void] = []
    /// Calls that wait for queues to be recovered in place.
    var queueWaiters: [QueueWaiter] = []
    var parameters: DeviceParameters?
    var flags: DeviceFlags = []
    /// The last recovery under an earlier ublkd.
    var formerRecovery: LastRecovery?
    /// What its state file holds.
    var savedRecord: DeviceRecord?
    var diskLook = DiskLook.none
    /// The disk was made by this ublkd and was not announced yet.
    var hasNewDisk = false
    /// What udev's rule reads of the disk, and the disk that it is about.
    var note: DiskNotes.Note?
    var notedDisk: String?
    var scan: PartitionScan?
    /// CPUs that the kernel assigned to each queue of the present disk; empty: not asked yet.
    var affinity: [[Int32]] = []

    /// The disk is about to be deleted because its worker died (`recovery = "none"`), and to be made again.
    var isLostWithWorker = false
    private var lastSerialized: (configuration: DeviceConfiguration, text: String)?

    init(_ configuration: DeviceConfiguration, machine: DeviceMachine, now: Moment) {
        name = configuration.name
        self.configuration = configuration
        self.machine = machine
        visible = machine.visible
        visibleSince = now
    }

    /// The kernel's name for its disk, while it has one.
    var disk: String? { machine.deviceID.map { "ublkb\($0)" } }

    /// Its disk exists, and lives on this backend: nobody else may write there.
    func owns(_ backend: BackendFacts) -> Bool {
        guard machine.deviceID != nil, let facts = machine.facts, facts.identity != .none else {
            return false
        }
        return facts.identity == backend.identity && !(facts.readOnly && backend.readOnly)
    }

    /// Its configuration, but for what only the worker after this one will do.
    func configuration(servedBy worker: WorkerRef?) -> DeviceConfiguration {
        guard let had = worker.flatMap({ workers[$0.id] })?.configuration, had != configuration else {
            return configuration
        }
        let differences = changes(from: configuration, to: had, leadsToSameBackend: true)
        return configuration.taking(DeviceChanges(differences).worker, from: had)
    }

    /// A configuration of it as a file of its own, which reads back as the same.
    func serialized(_ wanted: DeviceConfiguration) -> String {
        if let kept = lastSerialized, kept.configuration == wanted { return kept.text }
        let text = serialize(HostConfiguration(devices: [wanted]))
        lastSerialized = (wanted, text)
        return text
    }

    func cookie(instance: String) -> OwnerCookie { OwnerCookie(instance: instance, name: name) }

    /// The process completed a request since it was attached.
    func hasServed(pid: Int32) -> Bool {
        guard let header = page?.page.header else { return false }
        return header.workerPID == pid && header.firstIOAt != 0
    }
}

/// A status page with several users: this device and the records sent to workers.
final class SharedPage {
    let page: StatusPage
    init(_ page: consuming StatusPage) { self.page = page }
}

final class SharedFd {
    let fd: Fd
    init(_ fd: consuming Fd) { self.fd = fd }
}
