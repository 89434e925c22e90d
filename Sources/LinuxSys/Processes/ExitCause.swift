/// How a process ended.
public enum ExitCause: Equatable, Hashable, Sendable {
    /// It left with this status.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)
    /// It is gone; the kernel tells only its parent how.
    case unknown

    /// From the status word of wait(2).
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xff) : .signalled(signal)
    }
}
