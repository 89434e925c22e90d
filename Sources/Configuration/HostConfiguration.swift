/// A whole configuration that has been checked: what ublkd is to do on this host.
public struct HostConfiguration: Equatable, Sendable {
    public var daemon: DaemonSettings
    /// In the order of the file, then of the drop-ins.
    public var devices: [DeviceConfiguration]

    public init(daemon: DaemonSettings = DaemonSettings(), devices: [DeviceConfiguration] = []) {
        self.daemon = daemon
        self.devices = devices
    }
}

/// `[daemon]`.
public struct DaemonSettings: Equatable, Sendable {
    /// Workers run as this user and its primary group.
    public var workerUser = "ublkd-worker"
    /// Deadline of one kernel control command.
    public var controlTimeout = Milliseconds.seconds(5)
    /// READY=1 at the latest.
    public var startTimeout = Milliseconds.seconds(20)
    /// At host shutdown, before a device in use is failed.
    public var shutdownGrace = Milliseconds.seconds(15)
    /// Unspecialised worker processes kept ready on this host.
    public var spareWorkers = 1
    /// Recoveries at the same time.
    public var maxRecoveries = 16
    /// Part of the owner mark: two instances leave each other's devices alone.
    public var instance = "default"

    public init() {}
}

/// What checking needs to know of the host. A check on another host may give other warnings, never other
/// errors.
public struct HostFacts: Equatable, Sendable {
    /// CPUs that a queue can be on.
    public var cpuCount: Int

    public init(cpuCount: Int) { self.cpuCount = max(1, cpuCount) }
}
