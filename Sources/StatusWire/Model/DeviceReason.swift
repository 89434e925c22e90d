/// Why a device is in its state, in one word that scripts can match.
public enum DeviceReason: String, Codable, Sendable, CaseIterable {
    case none
    case backingMissing = "backing-missing"
    case backingChanged = "backing-changed"
    case backingError = "backing-error"
    case crashLoop = "crash-loop"
    case poison
    case unkillable
    case recoveryBlocked = "recovery-blocked"
    case kernelUnrecoverable = "kernel-unrecoverable"
    case idTaken = "id-taken"
    case noWorkerUser = "no-worker-user"
    case controlWedged = "control-wedged"
    case reloadPending = "reload-pending"
    case `operator`
}
