import Glibc
import Systemd
import Testing

/// The service manager's end of the notification socket.
private final class Manager {
    private let listener = DatagramListener("notify")

    init() { setenv("NOTIFY_SOCKET", listener.path, 1) }

    deinit { unsetenv("NOTIFY_SOCKET") }

    /// The lines of the next message; none when there is none.
    func next() -> [String] {
        String(decoding: listener.next() ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
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
