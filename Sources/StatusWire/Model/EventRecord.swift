/// One thing that happened to a device or to ublkd, as administrators may read it.
public struct EventRecord: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Events are missing here; see `lost`.
        case gap
        /// ublkd began.
        case begun
        /// The kernel made the device.
        case added
        /// The device was there already, of an earlier ublkd.
        case adopted
        case starting
        /// It serves: after a start, or again as configured.
        case live
        case recovering
        /// It serves again after a recovery; see `cause`, `scope` and `downtimeSeconds`.
        case recovered
        case degraded
        case failed
        case held
        case stopping
        case stopped
        case pendingRemoval = "pending-removal"
        /// ublkd does not know the device any more, or an orphan was removed.
        case removed
        /// A configuration was read again and applied.
        case reload
        /// The configuration files have errors and are not applied.
        case configInvalid = "config-invalid"
    }

    /// From 1 in each life of ublkd, each event one more than the last; of a `gap` the number of the last
    /// event that is missing.
    public var seq: UInt64
    public var time: Timestamp
    /// nil: of ublkd itself.
    public var device: String?
    public var kind: Kind
    /// One sentence for a person.
    public var message: String
    public var cause: RecoveryCause?
    public var scope: RecoveryScope?
    /// From the moment the loss was noticed until the device served again, in seconds.
    public var downtimeSeconds: Double?
    /// How many events a `gap` stands for; nil: nobody knows, they are of another life of ublkd.
    public var lost: UInt64?

    public init(
        seq: UInt64, time: Timestamp, device: String? = nil, kind: Kind, message: String,
        cause: RecoveryCause? = nil, scope: RecoveryScope? = nil, downtimeSeconds: Double? = nil,
        lost: UInt64? = nil
    ) {
        self.seq = seq
        self.time = time
        self.device = device
        self.kind = kind
        self.message = message
        self.cause = cause
        self.scope = scope
        self.downtimeSeconds = downtimeSeconds
        self.lost = lost
    }
}
