public import BlockABI
internal import CSystemd

/// The service manager's notification socket (sd_notify(3)). Outside of systemd every call does nothing.
///
/// No call waits: sd_notify(3) sleeps as long as the manager does not read, and the manager may itself wait
/// for a disk of this process. What it does not take now waits in memory, in order, with duplicates of its
/// descriptors, and goes with a later call or from the event loop. What still waits when this object goes is
/// lost, as is what can never be sent (sendmsg(2)): nobody could do anything about it.
///
/// All calls belong to one thread, that of the event loop.
public final class Notify {
    /// Milliseconds between two attempts at what the manager did not take.
    private static let interval: UInt64 = 250
    /// Messages that wait at most.
    private static let limit = 1_024

    /// A path, or '@' and an abstract name. Nil: nobody is to be told.
    private let address: String?
    /// Negative: there is none yet.
    private var socket: Int32 = -1
    private var loop: EventLoop?
    private var waiting: [Waiting] = []
    /// Exists while something waits, once there is a loop.
    private var retry: Source?
    private var watchdog: Source?

    /// The manager of NOTIFY_SOCKET, if that names a unix socket.
    public init() {
        let told = getenv("NOTIFY_SOCKET").map { String(cString: $0) } ?? ""
        address = told.hasPrefix("/") || told.hasPrefix("@") ? told : nil
    }

    deinit { if socket >= 0 { _ = close(socket) } }

    /// From now on what waits is sent from `loop`, too, which is kept.
    public func use(_ loop: EventLoop) {
        self.loop = loop
        retry = nil
        sendWaiting()
        sendLater()
    }

    // MARK: - Messages

    public func ready() { send(.state("READY=1")) }

    /// One line. Of those that wait only the newest is kept.
    public func status(_ text: String) { send(.status(text.replacingNewlines)) }

    public func stopping() { send(.state("STOPPING=1")) }

    /// A reload begins; `ready` ends it.
    public func reloading() {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC, &now) == 0 else { return }
        let microseconds = UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        send(.state("RELOADING=1\nMONOTONIC_USEC=\(microseconds)"))
    }

    /// Has the service manager keep a duplicate of `descriptor`, which stays the caller's and may be closed
    /// afterwards. Not kept if the message has to wait and there is no room for it, or no descriptor for a
    /// duplicate.
    public func store(descriptor: Int32, name: String) { send(.store(name), lending: descriptor) }

    /// Drops all that the service manager keeps under the name.
    public func removeStored(name: String) { send(.removal(name)) }

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

    // MARK: - Watchdog

    /// Says at once and then after each half of WATCHDOG_USEC that this process lives (WATCHDOG=1 of
    /// sd_notify(3)), as long as `loop` turns: one that hangs is missed. Without a watchdog for this process
    /// (sd_watchdog_enabled(3)) nothing happens. Errors are those of a timer.
    public func feedWatchdog(from loop: EventLoop) throws(Errno) {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return }
        try beat(everyMilliseconds: max(1, microseconds / 2_000), from: loop)
    }

    private func beat(everyMilliseconds half: UInt64, from loop: EventLoop) throws(Errno) {
        // It does not wait: sent later it would say that a loop turns which may hang by then. One that is not
        // taken is made up for soon, as the next one could come too late.
        let delay = deliver("WATCHDOG=1") ? half : min(half, Self.interval)
        watchdog = try loop.addTimer(afterMilliseconds: delay) { [weak self] in
            guard let self else { return }
            // Without a timer there is no further beat, and the manager starts this process anew.
            try? self.beat(everyMilliseconds: half, from: loop)
        }
    }

    // MARK: - Sending

    private func send(_ message: Message, lending descriptor: Int32 = -1) {
        // A removal must not overtake what is stored under the name, nor the other way round.
        sendWaiting()
        if waiting.isEmpty && deliver(message.text, lending: descriptor) { return }
        keep(message, lending: descriptor)
    }

    /// False: the manager does not take it now. True also for what nobody will ever take.
    private func deliver(_ text: String, lending descriptor: Int32 = -1) -> Bool {
        guard let address else { return true }
        if socket < 0 { socket = cs_datagram_socket() }
        let bytes = Array(text.utf8)
        let result = socket < 0 ? socket : cs_notify(socket, address, bytes, bytes.count, descriptor)
        let error = Errno(-result)
        return !error.isLack && error != .noBuffers
    }

    private func sendWaiting() {
        var sent = 0
        while sent < waiting.count,
            deliver(waiting[sent].message.text, lending: waiting[sent].descriptor)
        {
            sent += 1
        }
        waiting.removeFirst(sent)
        if waiting.isEmpty { retry = nil }
    }

    private func sendLater() {
        guard retry == nil, !waiting.isEmpty, let loop else { return }
        retry = try? loop.addTimer(afterMilliseconds: Self.interval) { [weak self] in
            guard let self else { return }
            self.retry = nil
            self.sendWaiting()
            self.sendLater()
        }
    }

    private func keep(_ message: Message, lending descriptor: Int32) {
        waiting.removeAll { $0.message.isVoid(after: message) }
        if makeRoom(for: message), let kept = Waiting(message, duplicating: descriptor) {
            waiting.append(kept)
        }
        sendLater()
    }

    /// False: the message is not worth what would have to go for it. The status goes first, being news alone;
    /// then descriptors, the youngest first: without one the next ublkd begins with less. The end of a reload
    /// and what is to be removed have to arrive.
    private func makeRoom(for message: Message) -> Bool {
        guard waiting.count >= Self.limit else { return true }
        if let status = waiting.firstIndex(where: \.message.isStatus) {
            waiting.remove(at: status)
            return true
        }
        guard !message.isStatus && !message.isStore else { return false }
        waiting.remove(at: waiting.lastIndex(where: \.message.isStore) ?? 0)
        return true
    }
}

/// What the service manager is told.
private enum Message {
    case state(String)
    case status(String)
    /// The name under which a descriptor is kept.
    case store(String)
    case removal(String)

    var text: String {
        switch self {
        case .state(let text): text
        case .status(let text): "STATUS=" + text
        case .store(let name): "FDSTORE=1\nFDNAME=\(name)"
        case .removal(let name): "FDSTOREREMOVE=1\nFDNAME=\(name)"
        }
    }

    var isStatus: Bool { if case .status = self { true } else { false } }
    var isStore: Bool { if case .store = self { true } else { false } }

    /// It need not be sent, as `later` follows it. A removal drops all that is stored under its name
    /// (sd_notify(3)), so that devices that come and go while the manager does not read take no more room.
    func isVoid(after later: Message) -> Bool {
        switch (self, later) {
        case (.status, .status): true
        case (.store(let name), .removal(let removed)), (.removal(let name), .removal(let removed)):
            name == removed
        default: false
        }
    }
}

/// A message that waits. It owns its descriptor, a duplicate that is closed with it; -1: it has none.
private final class Waiting {
    let message: Message
    let descriptor: Int32

    /// Nil: this process has no descriptor left for the duplicate, or what was lent is none.
    init?(_ message: Message, duplicating lent: Int32) {
        let duplicate = lent < 0 ? -1 : cs_duplicate(lent)
        guard lent < 0 || duplicate >= 0 else { return nil }
        self.message = message
        descriptor = duplicate
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }
}

extension String {
    fileprivate var replacingNewlines: String { String(map { $0.isNewline ? " " : $0 }) }
}
