import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import Systemd

/// One worker that ublkd knows: spawned by it, or adopted from an earlier ublkd.
///
/// Its pidfd tells of its death, once; its channel brings its replies. Both sources end with this object.
final class WorkerProcess {
    let id: WorkerID
    let pid: Int32
    /// Nil for an adopted worker whose socket could not be had: it is supervised by its pidfd alone.
    let channel: SharedChannel?
    let pidfd: Fd
    /// Said hello in our protocol version.
    private(set) var isReady: Bool
    private(set) var isDead = false
    /// SIGKILL was sent.
    private(set) var isKilled = false
    /// What it was told to serve; nil before it was told.
    var configuration: DeviceConfiguration?
    /// To tell it from another process of its number; nil when it was gone before anybody looked.
    lazy var identity = try? ProcessIdentity(of: pid)
    private var pidSource: Source?
    private var channelSource: Source?

    /// What the pool or the device that has this worker wants to know.
    var onReply: (WorkerReply) -> Void = { _ in }
    var onDeath: (ExitCause) -> Void = { _ in }

    init(id: WorkerID, pid: Int32, pidfd: consuming Fd, channel: SharedChannel?, isReady: Bool) {
        self.id = id
        self.pid = pid
        self.pidfd = pidfd
        self.channel = channel
        self.isReady = isReady
    }

    var ref: WorkerRef { WorkerRef(id: id, pid: pid) }

    /// Begins to listen. A death comes before everything else in the loop: each millisecond of it counts.
    func watch(in loop: EventLoop) throws(Errno) {
        pidSource = try loop.addIO(pidfd.raw, events: .readable, priority: .first) { [weak self] _ in
            self?.checkDeath()
        }
        if let fd = channel?.descriptor {
            channelSource = try loop.addIO(fd, events: .readable) { [weak self] _ in
                self?.readReplies()
            }
        }
    }

    func send(_ request: WorkerRequest, descriptors: [Int32] = []) throws(Errno) {
        guard let channel else { throw Errno.brokenPipe }
        try channel.channel.send(request.record, descriptors: descriptors)
    }

    func kill() {
        guard !isDead else { return }
        isKilled = true
        // ESRCH: it has ended already, and its pidfd says so.
        try? Pidfd.signal(pidfd, 9)
    }

    private func checkDeath() {
        guard !isDead else { return }
        let cause: ExitCause
        do throws(Errno) {
            guard let ended = try Pidfd.reap(pidfd) else { return }
            cause = ended
        } catch {
            cause = .unknown
        }
        isDead = true
        // What it said last (why it failed) is heard before its death.
        readReplies()
        pidSource = nil
        channelSource = nil
        onDeath(cause)
    }

    private func readReplies() {
        while true {
            let incoming: Incoming
            do throws(Errno) {
                guard let channel else { return }
                incoming = try channel.channel.receive(wait: false)
            } catch {
                return silence()
            }
            switch incoming {
            case .wouldBlock: return
            case .closed: return silence()
            case .record(let bytes, let descriptors):
                // Workers pass nothing; what came all the same must not stay open.
                for raw in descriptors { _ = Fd(owning: raw) }
                guard let reply = try? WorkerReply(record: bytes) else { return silence() }
                if case .hello(let version, _, _) = reply {
                    guard version == ChildProtocol.version else {
                        onReply(
                            .failed(
                                stage: .version, errno: .protocolError,
                                what: "ublkd-worker is of another version: install both from one release"))
                        return kill()
                    }
                    isReady = true
                }
                onReply(reply)
            }
        }
    }

    /// Stops listening to a channel that is closed or speaks nonsense; the pidfd still tells of the end.
    private func silence() { channelSource = nil }
}

/// A channel that may be missing.
final class SharedChannel {
    let channel: Channel
    var descriptor: Int32 { channel.fd.raw }
    init(_ channel: consuming Channel) { self.channel = channel }
}
