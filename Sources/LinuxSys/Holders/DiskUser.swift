/// Somebody who has a disk in use.
public enum DiskUser: Equatable, Sendable {
    /// Mounted there.
    case mount(path: String)
    case swap
    /// Under another block device (`dm-0`, `loop3`).
    case device(name: String)
    /// Open in a process.
    case process(pid: Int32, name: String)
    /// This process could not look: it has no descriptor left.
    case unknown
}
