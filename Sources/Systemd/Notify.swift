internal import CSystemd

/// The service manager's notification socket (sd_notify(3)). Outside of systemd every call does nothing.
public struct Notify: Sendable {
    public init() {}

    public func ready() { send("READY=1") }

    public func status(_ text: String) { send("STATUS=" + text.replacingNewlines) }

    public func stopping() { send("STOPPING=1") }

    /// A reload begins; `ready` ends it.
    public func reloading() {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC, &now) == 0 else { return }
        send("RELOADING=1\nMONOTONIC_USEC=\(UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000)")
    }

    /// Has the service manager keep a duplicate of `descriptor`.
    public func store(descriptor: Int32, name: String) {
        var raw = descriptor
        sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(name)", &raw, 1)
    }

    public func removeStored(name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// The stored descriptors that this process was started with, now the caller's.
    public static func listenDescriptors() -> [(name: String, descriptor: Int32)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0 else { return [] }
        var found: [(String, Int32)] = []
        for index in 0..<Int(count) {
            var name = ""
            if let text = names?[index] {
                name = String(cString: text)
                free(text)
            }
            found.append((name, 3 + Int32(index)))
        }
        free(names)
        return found
    }

    private func send(_ text: String) { sd_notify(0, text) }
}

extension String {
    fileprivate var replacingNewlines: String { String(map { $0.isNewline ? " " : $0 }) }
}
