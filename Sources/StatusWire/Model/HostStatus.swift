/// ublkd itself, its host and what it counts.
public struct HostStatus: Codable, Sendable, Equatable {
    public enum ConfigState: String, Codable, Sendable, CaseIterable {
        /// The files as they were last read are in force.
        case current
        /// The files have errors; devices are supervised by the last configuration that had none.
        case lastGood = "last-good"
        /// The files have errors, and there is no good one to go by.
        case invalid
    }

    /// Of ublkd.
    public var version: String
    public var pid: Int
    public var startedAt: Timestamp
    public var instance: String
    /// Path of the main file; for administrators only.
    public var configFile: String?
    public var configState: ConfigState
    /// For administrators only: lines of the file stand in it. Everybody sees `configProblemCount`.
    public var configProblems: [Problem]
    public var configProblemCount: Int
    public var kernel: KernelSummary
    /// Devices of this instance in each state; states that no device is in may be missing.
    public var counts: [String: Int]
    /// Workers that run and wait for a device.
    public var spareWorkers: Int
    public var agents: AgentSummary
    /// Devices in the kernel that are not of this instance's configuration.
    public var foreignDevices: [ForeignDevice]
    /// One line on the whole, without a path.
    public var message: String

    public init(
        version: String, pid: Int, startedAt: Timestamp, instance: String, configFile: String? = nil,
        configState: ConfigState, configProblems: [Problem] = [], kernel: KernelSummary,
        counts: [DeviceState: Int], spareWorkers: Int = 0, agents: AgentSummary = AgentSummary(),
        foreignDevices: [ForeignDevice] = [], message: String = ""
    ) {
        self.version = version
        self.pid = pid
        self.startedAt = startedAt
        self.instance = instance
        self.configFile = configFile
        self.configState = configState
        self.configProblems = configProblems
        self.configProblemCount = configProblems.count
        self.kernel = kernel
        self.counts = [:]
        for (state, count) in counts { self.counts[state.rawValue] = count }
        self.spareWorkers = spareWorkers
        self.agents = agents
        self.foreignDevices = foreignDevices
        self.message = message
    }

    /// The same without what only administrators may read.
    public var forEverybody: HostStatus {
        var copy = self
        copy.configFile = nil
        copy.configProblems = []
        return copy
    }
}
