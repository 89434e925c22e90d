import BlockABI
import Glibc
import LinuxSys
import Testing

extension LinuxSysTests {
    @Suite struct UnixListenerTests {
        @Test func aClientIsAcceptedAndKnown() throws {
            let scratch = Scratch()
            let path = scratch.file("socket")
            let old = umask(0o077)
            defer { umask(old) }
            let listener = try UnixListener(path: path, mode: 0o666)
            #expect(try FileStatus(path: path).permissions == 0o666)
            #expect(throws: Errno.tryAgain) { _ = try listener.accept().raw }
            let client = connectTo(path)
            defer { close(client) }
            #expect(client >= 0)
            let server = try listener.accept()
            #expect(fcntl(server.raw, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(server.raw, F_GETFD) & FD_CLOEXEC != 0)
            #expect(throws: Errno.tryAgain) { _ = try listener.accept().raw }
            let peer = try PeerCredentials(of: server)
            #expect(peer.pid == getpid())
            #expect(peer.uid == geteuid())
            #expect(peer.groups.contains(getegid()))
            #expect(!peer.groups.contains(3_999_999))
        }

        @Test func aDeadOnesFileIsReplacedAndALiveOneIsNot() throws {
            let scratch = Scratch()
            let path = scratch.file("socket")
            do { _ = try UnixListener(path: path, mode: 0o666).fd.raw }
            #expect(try FileStatus(path: path).kind == .socket)
            #expect(connectTo(path) < 0)
            let listener = try UnixListener(path: path, mode: 0o666)
            #expect(throws: Errno.addressInUse) { _ = try UnixListener(path: path, mode: 0o666).fd.raw }
            let client = connectTo(path)
            #expect(client >= 0)
            close(client)
            withExtendedLifetime(listener.fd.raw) {}
        }

        @Test func whatIsNoSocketStays() throws {
            let scratch = Scratch()
            let path = scratch.file("file")
            try AtomicFile.write(path: path, bytes: [1])
            #expect(throws: Errno.notSocket) { _ = try UnixListener(path: path, mode: 0o666).fd.raw }
            #expect(try SmallFile.read(path: path) == [1])
            let long = scratch.file(String(repeating: "x", count: 120))
            #expect(throws: Errno(ENAMETOOLONG)) { _ = try UnixListener(path: long, mode: 0o666).fd.raw }
        }

        /// A client of the socket at `path`; -1: nobody listens.
        private func connectTo(_ path: String) -> Int32 {
            let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return fd }
            close(fd)
            return -1
        }
    }
}
