import BlockABI
import DevicePolicy
import StatusWire

/// What `/run/ublkd/dev/NAME.record` keeps of a device: hints for the next ublkd. The kernel's word, the
/// owner mark and the configuration decide; a record that is missing, old or garbled costs time, never data.
struct DeviceRecord: Codable, Equatable {
    static let currentVersion = 1

    var version = Self.currentVersion
    /// The host's boot that it is about.
    var bootID: String
    var name: String
    /// Nil for a device that is stopped.
    var deviceID: UInt32?
    var cookie: UInt64
    var workerPID: Int32?
    /// Start time of the worker, to tell it from another process of the same number.
    var workerStart: UInt64?
    var facts: BackendFacts?
    var recoveries: UInt64
    var lastRecovery: LastRecovery?
    /// An operator stopped it: it stays so until `start` or the next boot.
    var isStopped: Bool
    var queues: Int
    /// What its disk runs with, a file of its own: the configuration may be edited while no ublkd runs. Nil without a disk.
    var configuration: String?
    /// Left the configuration, and is removed at its last close.
    var isLeaving: Bool
    /// Why its recovery was given up: until an operator asks for it, it is held, or answers with EIO.
    var givenUp: Failure?
    /// Its worker is being replaced, and may get no new request any more. Nil: no.
    var isReplacing: Bool?
}
