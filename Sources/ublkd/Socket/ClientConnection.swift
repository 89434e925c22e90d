import BlockABI
import LinuxSys
import StatusWire
import Systemd

/// One Varlink client. Everything about it is bounded: the frame it may send, the time it may take for it,
/// and the answers that may wait for it to read.
final class ClientConnection {
    /// An answer that waits, bytes.
    private static let maxAnswer = 64 * 1024 * 1024
    /// Events that wait, bytes: the whole event log. A client that reads slower than that is dropped.
    private static let maxEvents = 2 * 1024 * 1024
    /// Milliseconds for one frame to arrive, and for a waiting answer to be read.
    private static let patience: UInt64 = 5_000

    let peer: PeerCredentials
    let access: Access
    /// It has the last descriptor, which the next client needs: it is closed at this time, whatever it waits for.
    private var end: Source?
    private let fd: Fd
    private let loop: EventLoop
    private unowned let server: SocketServer
    private var decoder = FrameDecoder()
    private var pending: [UInt8] = []
    /// Bytes of `pending` that went already.
    private var sent = 0
    private var readSource: Source?
    private var writeSource: Source?
    private var deadline: Source?
    /// The call being answered; the next frame waits until it is.
    private var isAnswering = false
    /// Answered with events for as long as the connection lasts.
    private var isSubscribed = false
    private(set) var isClosed = false

    init(
        _ fd: consuming Fd, peer: PeerCredentials, access: Access, isBrief: Bool, loop: EventLoop,
        server: SocketServer
    ) throws(Errno) {
        self.fd = fd
        self.peer = peer
        self.access = access
        self.loop = loop
        self.server = server
        readSource = try loop.addIO(self.fd.raw, events: .readable) { [weak self] _ in
            self?.read()
        }
        if isBrief {
            end = try loop.addTimer(afterMilliseconds: Self.patience) { [weak self] in
                self?.close()
            }
        }
    }

    /// Takes what has arrived, if anything has.
    func read() {
        guard !isClosed else { return }
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        let count: Int
        do throws(Errno) {
            count = try fd.read(into: &buffer)
        } catch {
            if error != .tryAgain { close() }
            return
        }
        guard count > 0 else { return close() }
        decoder.append(buffer[..<count])
        serve()
        // Calls may be sent ahead of their answers, but not without end.
        if decoder.pendingBytes > 2 * FrameDecoder.callLimit { close() }
    }

    /// Serves whole frames, one call at a time: the next one only once the answer of the last was read.
    private func serve() {
        while !isAnswering && !isClosed && pending.isEmpty {
            let frame: [UInt8]?
            do {
                frame = try decoder.next()
            } catch {
                return close()
            }
            guard let frame else {
                return decoder.pendingBytes > 0 ? startDeadline() : stopDeadline()
            }
            stopDeadline()
            switch server.dispatcher.dispatch(frame, from: access) {
            case .reply(let bytes): send(bytes)
            case .ignore: break
            case .hangUp: return close()
            case .request(.subscribe(let since), _):
                isAnswering = true
                isSubscribed = true
                return server.subscribe(self, since: since)
            case .request(let request, let flags):
                isAnswering = true
                server.serve(request, for: self) { [weak self] bytes in
                    guard let self else { return }
                    self.isAnswering = false
                    if !flags.oneway { self.send(bytes) }
                    self.serve()
                }
            }
        }
    }

    func send(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        pending += bytes
        guard pending.count - sent <= (isSubscribed ? Self.maxEvents : Self.maxAnswer) else { return close() }
        flush()
    }

    private func flush() {
        while sent < pending.count {
            do throws(Errno) {
                sent += try fd.send(pending[sent...])
            } catch {
                guard error == .tryAgain else { return close() }
                if writeSource == nil {
                    writeSource = try? loop.addIO(fd.raw, events: .writable) {
                        [weak self] _ in
                        self?.flush()
                        self?.serve()
                    }
                }
                return startDeadline()
            }
        }
        pending = []
        sent = 0
        writeSource = nil
        if decoder.pendingBytes == 0 { stopDeadline() }
    }

    private func startDeadline() {
        guard deadline == nil else { return }
        deadline = try? loop.addTimer(afterMilliseconds: Self.patience) { [weak self] in self?.close() }
    }

    private func stopDeadline() { deadline = nil }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        readSource = nil
        writeSource = nil
        deadline = nil
        end = nil
        server.closed(self)
    }
}
