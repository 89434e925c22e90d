/// How much was rebuilt in a recovery.
public enum RecoveryScope: String, Codable, Sendable, CaseIterable {
    /// The backend of single queues, in place; the device stayed live.
    case queue
    /// The whole worker.
    case worker
}
