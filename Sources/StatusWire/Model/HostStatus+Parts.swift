/// The kernel that ublkd runs on.
public struct KernelSummary: Codable, Sendable, Equatable {
    /// `uname -r`.
    public var release: String
    /// The driver's feature bits (GET_FEATURES), hexadecimal with `0x`.
    public var features: String
    /// The family of kernels whose rules apply: `classic`, `middle` or `modern`.
    public var family: String

    public init(release: String, features: String, family: String) {
        self.release = release
        self.features = features
        self.family = family
    }

    public init(release: String, features: UInt64, family: String) {
        self.init(release: release, features: "0x" + String(features, radix: 16), family: family)
    }
}

/// The processes that issue blocking control commands.
public struct AgentSummary: Codable, Sendable, Equatable {
    public var running: Int
    /// Given up on because they did not answer, and still there.
    public var writtenOff: Int

    public init(running: Int = 0, writtenOff: Int = 0) {
        self.running = running
        self.writtenOff = writtenOff
    }
}

/// A ublk device that this instance does not supervise.
public struct ForeignDevice: Codable, Sendable, Equatable {
    /// N of `/dev/ublkbN`.
    public var id: Int
    public var node: String?
    public var owner: DeviceOwner
    public var kernelState: KernelState?
    /// The process that serves it, as the kernel knows it.
    public var serverPid: Int?
    /// Bytes.
    public var size: UInt64?
    public var queues: Int?
    /// Without a path; empty when there is nothing to say.
    public var message: String

    public init(
        id: Int, node: String? = nil, owner: DeviceOwner = .foreign, kernelState: KernelState? = nil,
        serverPid: Int? = nil, size: UInt64? = nil, queues: Int? = nil, message: String = ""
    ) {
        self.id = id
        self.node = node
        self.owner = owner
        self.kernelState = kernelState
        self.serverPid = serverPid
        self.size = size
        self.queues = queues
        self.message = message
    }
}
