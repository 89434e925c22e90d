/// What one queue of a device is doing.
public enum QueueState: String, Codable, Sendable, CaseIterable {
    case serving
    /// Its backend is being rebuilt in place; the device stays live.
    case recovering
    /// I/O in flight, nothing completed and no answer to a probe: its worker is about to be killed.
    case stalled
    /// I/O in flight and nothing completed, but its thread answers: the backend is slow.
    case slow
    case failed
}
