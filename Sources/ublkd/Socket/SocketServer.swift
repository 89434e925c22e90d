import BlockABI
import DevicePolicy
import LinuxSys
import StatusWire
import Systemd

/// The Varlink socket.
final class SocketServer {
    /// Clients at the same time; more are turned away at once.
    private static let maxClients = 64
    /// The last places are for administrators: nobody else can shut them out.
    private static let placesForAdmins = 16

    let dispatcher = Dispatcher(service: ServiceInfo(version: ProductVersion.text))
    private let listener: UnixListener
    private unowned let supervisor: Supervisor
    private var source: Source?
    private var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var nextTurn: UInt64 = 0
    /// Given up for a client when there is no other descriptor: whoever asks why nothing recovers is answered.
    private var spare: Fd?
    /// The group's number, as of the last time that it could be looked up.
    private var administrators: UInt32?
    /// Runs while the listener is not watched.
    private var pause: Source?
    /// What the last client that came could not get, as the log has said.
    private var lack: Errno?

    init(path: String, supervisor: Supervisor) throws(Errno) {
        self.supervisor = supervisor
        listener = try UnixListener(path: path, mode: 0o666)
        source = try supervisor.loop.addIO(listener.fd.raw, events: .readable) {
            [weak self] _ in
            self?.accept()
        }
    }

    /// Serves what clients have sent, at most once in ten milliseconds: neither they nor the devices starve.
    func takeTurn() {
        let now = Clock.monotonic()
        guard now >= nextTurn else { return }
        nextTurn = now + 10_000_000
        accept()
        for client in Array(clients.values) { client.read() }
    }

    private func accept() {
        if spare == nil { spare = try? listener.fd.duplicate() }
        do throws(Errno) {
            try admit(try listener.accept(), isBrief: false)
            lack = nil
        } catch {
            guard error.isLackOfDescriptors, spare != nil else { return notAccepted(error) }
            acceptWithSpare(error)
        }
    }

    /// The kernel takes a descriptor before it looks whether a client is there at all.
    private func acceptWithSpare(_ lack: Errno) {
        spare = nil
        do throws(Errno) {
            try admit(try listener.accept(), isBrief: true)
            tell(lack)
        } catch {
            spare = try? listener.fd.duplicate()
            notAccepted(error)
        }
    }

    private func admit(_ fd: consuming Fd, isBrief: Bool) throws(Errno) {
        // Closing at once is the only answer that costs nothing.
        guard clients.count < Self.maxClients else { return }
        let peer = try PeerCredentials(of: fd)
        // Without a descriptor nothing can be looked up.
        if (try? listener.fd.duplicate()) != nil { administrators = HostUsers.group(named: "ublkd") }
        let access = access(of: peer)
        guard access == .admin || clients.count < Self.maxClients - Self.placesForAdmins else { return }
        let client = try ClientConnection(
            fd, peer: peer, access: access, isBrief: isBrief, loop: supervisor.loop, server: self)
        clients[ObjectIdentifier(client)] = client
        // Its first call is there already, as a rule.
        client.read()
    }

    /// A client that is there stays in the queue of the listener, which would call again at once.
    private func notAccepted(_ error: Errno) {
        guard error != .tryAgain else { return }
        tell(error)
        pause = try? supervisor.loop.addTimer(afterMilliseconds: 100) { [weak self] in
            self?.pause = nil
            self?.source?.enable(true)
        }
        source?.enable(pause == nil)
    }

    private func tell(_ error: Errno) {
        guard lack != error else { return }
        lack = error
        guard error.isLackOfDescriptors else {
            return supervisor.log.write(.warning, "a client could not be accepted: \(error)")
        }
        let remedy =
            error == .tooManyFiles ? "raise LimitNOFILE= of ublkd.service" : "raise the sysctl fs.file-max"
        supervisor.log.write(
            .warning,
            "no descriptor is left for clients, which are answered one at a time: \(error); \(remedy)")
    }

    /// Root and members of group `ublkd` change things; a worker's user never does.
    private func access(of peer: PeerCredentials) -> Access {
        if peer.uid == 0 { return .admin }
        if let user = supervisor.workerUser, user.uid == peer.uid { return .everybody }
        return administrators.map(peer.groups.contains) == true ? .admin : .everybody
    }

    func serve(_ request: Request, for client: ClientConnection, answer: @escaping ([UInt8]) -> Void) {
        if request.method.changes {
            supervisor.log.write(
                .notice,
                "\(request.method.rawValue) asked by uid \(client.peer.uid), process \(client.peer.pid)")
        }
        let access = client.access
        supervisor.serve(request) { (result: Result<Response, WireError>) in
            switch result {
            case .success(let response): answer(response.encoded(for: access))
            case .failure(let error): answer(error.encoded())
            }
        }
    }

    /// Sends the client what happens, until it is closed.
    func subscribe(_ client: ClientConnection, since: UInt64?) {
        supervisor.eventLog.follow(client, since: since, now: .now) { [weak client] events in
            guard let client else { return }
            client.send(Response.events(events).encoded(for: client.access, continues: true))
        }
    }

    func closed(_ client: ClientConnection) {
        supervisor.eventLog.unfollow(client)
        clients[ObjectIdentifier(client)] = nil
    }
}
