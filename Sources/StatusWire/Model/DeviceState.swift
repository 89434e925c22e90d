/// What a device is doing, as ublkd sees it.
public enum DeviceState: String, Codable, Sendable, CaseIterable {
    /// Configured, and nothing of it exists in the kernel.
    case absent
    case starting
    /// Serving, every queue of it.
    case live
    /// Its worker is gone and a new one is on its way; I/O waits (or fails, as `recovery` says).
    case recovering
    /// Serving, but not as configured: a queue is in trouble.
    case degraded
    /// Not serving; ublkd goes on trying, or answers its I/O with errors (`on_give_up`).
    case failed
    /// Not serving, and waiting for an operator.
    case held
    case stopping
    /// Stopped by an operator; stays so until `start` or a reboot.
    case stopped
    /// Gone from the configuration, still in use; goes at its last close.
    case pendingRemoval = "pending-removal"

    /// Whether the device serves I/O in this state.
    public var serves: Bool { self == .live || self == .degraded }
}
