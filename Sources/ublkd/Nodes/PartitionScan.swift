import BlockABI
import LinuxSys
import Systemd

/// `partx` at work on a new disk: the driver itself looks for no partitions, as its worker has no privileges.
/// A process of its own, because reading a disk may take as long as the disk likes.
final class PartitionScan {
    private static let program = "/usr/bin/partx"
    /// Milliseconds.
    private static let patience: UInt64 = 30_000

    private let child: Child
    private var ended: Source?
    private var deadline: Source?

    /// `done` is called once, with a sentence when it failed.
    init(node: String, loop: EventLoop, done: @escaping (String?) -> Void) throws(Errno) {
        child = try Child.spawn(
            path: Self.program, arguments: ["partx", "--update", node], environment: ["LC_ALL=C.UTF-8"])
        ended = try loop.addIO(child.pidfd.raw, events: .readable) { [weak self] _ in
            guard let self, let cause = try? self.child.reap() else { return }
            self.ended = nil
            self.deadline = nil
            // 1: there is no partition table.
            let failed = cause != .exited(0) && cause != .exited(1)
            done(failed ? "its partitions were not made: partx \(cause.words)" : nil)
        }
        deadline = try loop.addTimer(afterMilliseconds: Self.patience) { [weak self] in
            try? self?.child.signal(9)
        }
    }
}
