import Glibc
import Systemd
import Testing

/// The service manager's end of the notification socket.
private final class Manager {
    let fd: Int32
    private let path: String

    init() {
        path = "/tmp/ublkd-notify-\(getpid())"
        unlink(path)
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        setenv("NOTIFY_SOCKET", path, 1)
    }

    deinit {
        unsetenv("NOTIFY_SOCKET")
        close(fd)
        unlink(path)
    }

    /// The lines of the next message; none when there is none.
    func next() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return [] }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map { String($0) }
    }
}

@Suite(.serialized) struct NotifyTests {
    @Test func theManagerHearsWhatHappens() {
        let manager = Manager()
        let notify = Notify()
        notify.ready()
        #expect(manager.next() == ["READY=1"])
        notify.status("3 devices live\nand a line that would be another variable=1")
        #expect(manager.next() == ["STATUS=3 devices live and a line that would be another variable=1"])
        notify.reloading()
        let lines = manager.next()
        #expect(lines.first == "RELOADING=1")
        #expect(lines.last.flatMap { UInt64($0.dropFirst("MONOTONIC_USEC=".count)) } ?? 0 > 0)
        notify.stopping()
        #expect(manager.next() == ["STOPPING=1"])
        notify.store(descriptor: 0, name: "page.data")
        #expect(manager.next() == ["FDSTORE=1", "FDNAME=page.data"])
        notify.removeStored(name: "page.data")
        #expect(manager.next() == ["FDSTOREREMOVE=1", "FDNAME=page.data"])
    }

    @Test func withoutAManagerNothingHappens() {
        unsetenv("NOTIFY_SOCKET")
        Notify().ready()
        Notify().status("x")
        #expect(Notify.listenDescriptors().isEmpty)
        #expect(!Journal.isStandardError)
    }
}
