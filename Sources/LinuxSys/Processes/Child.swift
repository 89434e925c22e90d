public import BlockABI
internal import CUblk
internal import Glibc

/// A process that this one started. Letting go of it neither ends nor reaps the process.
@frozen public struct Child: ~Copyable {
    public let pid: Int32
    /// Readable once the process has ended.
    public let pidfd: Fd

    public init(pid: Int32, pidfd: consuming Fd) {
        self.pid = pid
        self.pidfd = pidfd
    }

    /// Starts a program in a process group of its own.
    ///
    /// `arguments[0]` is the name it sees. `descriptors` (16 at most) become 3, 4, … in their order; 0 and 1
    /// are `/dev/null`, 2 is this process's; nothing else is open. Every signal is unblocked and has its
    /// default action. An exec that fails is thrown here.
    public static func spawn(
        path: String, arguments: [String], environment: [String], descriptors: [Int32] = []
    ) throws(Errno) -> Child {
        var pidfd: Int32 = -1
        let pid = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in
                cu_spawn(
                    path, argv, envp, descriptors, UInt32(descriptors.count), &pidfd)
            }
        }
        try Errno.check(pid)
        return Child(pid: pid, pidfd: Fd(owning: pidfd))
    }

    /// How it ended, reaping it; nil while it runs.
    public borrowing func reap() throws(Errno) -> ExitCause? { try Pidfd.reap(pidfd) }

    public borrowing func signal(_ number: Int32) throws(Errno) { try Pidfd.signal(pidfd, number) }
}

/// The texts as a null-terminated array of C strings, alive during `body`.
private func withCStrings<R>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> R
) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
