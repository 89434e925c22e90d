public import BlockABI
internal import CUblk

/// A unix stream socket that waits for clients.
public struct UnixListener: ~Copyable {
    public let fd: Fd

    /// A socket file that nobody listens on is replaced. EADDRINUSE: somebody does. ENOTSOCK: the
    /// path is something else, and stays.
    public init(path: String, mode: UInt32) throws(Errno) {
        fd = Fd(owning: try Errno.check(cu_unix_listen(path, mode, 64)))
    }

    /// The next client, nonblocking; EAGAIN: none waits.
    public borrowing func accept() throws(Errno) -> Fd { Fd(owning: try Errno.check(cu_unix_accept(fd.raw))) }
}

/// Who is at the other end of a unix socket, as of the time it connected.
public struct PeerCredentials: Equatable, Sendable {
    public let pid: Int32
    public let uid: UInt32
    /// The primary group and the supplementary ones.
    public let groups: Set<UInt32>

    public init(of fd: borrowing Fd) throws(Errno) {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        try Errno.check(cu_peer(fd.raw, &pid, &uid, &gid))
        // The most that Linux gives to a process.
        var more = [UInt32](repeating: 0, count: 65536)
        let count = Int(try Errno.check(cu_peer_groups(fd.raw, &more, UInt32(more.count))))
        self.pid = pid
        self.uid = uid
        groups = Set(more.prefix(count)).union([gid])
    }
}
