import BlockABI
import DevicePolicy
import LinuxSys
import Systemd

/// One control agent: a child that issues what can block. ublkd may lose it at any time.
final class AgentProcess {
    let pid: Int32
    let channel: Channel
    let pidfd: Fd
    /// Nothing new is given to it; it is killed when its last command has ended.
    var isWrittenOff = false
    /// It said hello, in our version of the protocol.
    var isReady = false
    private(set) var isDead = false
    private var pidSource: Source?
    private var channelSource: Source?

    /// A reply, and the descriptor that came with it.
    var onReply: (AgentReply, SharedFd?) -> Void = { _, _ in }
    var onDeath: () -> Void = {}

    init(program: String, loop: EventLoop) throws(Errno) {
        let pair = try Channel.pair()
        let child = try Child.spawn(
            path: program, arguments: ["ublkd-agent", "agent"], environment: ["SWIFT_BACKTRACE=enable=no"],
            descriptors: [pair.theirs.raw])
        pid = child.pid
        pidfd = try child.pidfd.duplicate()
        channel = Channel(pair.ours)
        pidSource = try loop.addIO(pidfd.raw, events: .readable) { [weak self] _ in
            self?.checkDeath()
        }
        channelSource = try loop.addIO(channel.fd.raw, events: .readable) { [weak self] _ in
            self?.readReplies()
        }
    }

    func send(_ request: AgentRequest) throws(Errno) { try channel.send(request.record) }

    func kill() { try? Pidfd.signal(pidfd, 9) }

    private func checkDeath() {
        guard !isDead else { return }
        if case .some(.none) = try? Pidfd.reap(pidfd) as ExitCause?? { return }
        isDead = true
        readReplies()
        pidSource = nil
        channelSource = nil
        onDeath()
    }

    private func readReplies() {
        while true {
            guard let incoming = try? channel.receive(wait: false) else { return channelSource = nil }
            switch incoming {
            case .wouldBlock: return
            case .closed: return channelSource = nil
            case .record(let bytes, let descriptors):
                let owned = descriptors.map { SharedFd(Fd(owning: $0)) }
                guard let reply = try? AgentReply(record: bytes) else { return channelSource = nil }
                onReply(reply, owned.first)
            }
        }
    }
}
