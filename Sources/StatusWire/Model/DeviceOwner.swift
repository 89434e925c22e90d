/// Whose device it is, by the owner mark in the kernel.
public enum DeviceOwner: String, Codable, Sendable, CaseIterable {
    /// Of this instance, and configured.
    case ours
    /// Made by another tool or another instance: never touched.
    case foreign
    /// Carries this instance's mark, but nothing known wants it.
    case orphan
}
