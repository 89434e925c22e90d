internal import BlockABI
internal import Glibc
internal import LinuxSys
internal import StatusWire

/// A connection to ublkd: one call at a time, each with its answer, until a deadline.
///
/// The socket never blocks; every wait is a poll(2) with what is left of the deadline.
final class Client {
    private let fd: Fd
    private let path: String
    private var deadline: Deadline
    private var decoder = FrameDecoder(limit: FrameDecoder.replyLimit)

    private init(_ fd: consuming Fd, path: String, deadline: Deadline) {
        self.fd = fd
        self.path = path
        self.deadline = deadline
    }

    /// Connects to the socket at `path` (at most 107 bytes).
    static func connect(to path: String, until deadline: Deadline) throws(Failure) -> Client {
        let raw = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard raw >= 0 else { throw Failure(.failed, "cannot make a socket: \(Errno(errno))") }
        let fd = Fd(owning: raw)
        while true {
            let error = connectOnce(raw, path)
            if error == 0 { return Client(fd, path: path, deadline: deadline) }
            guard error == EAGAIN || error == EINTR else { throw refusal(Errno(error), path) }
            // The queue of the listener is full: ublkd is there, and busy. poll(2) does not tell when
            // there is room again.
            guard !deadline.hasPassed else { throw outOfTime(path) }
            usleep(10_000)
        }
    }

    /// Sends one call and waits for its answer.
    func call<Answer: Decodable & Sendable>(
        _ request: Request, as type: Answer.Type, verb: String, forceHelps: Bool = false
    ) throws(Failure) -> Answer {
        try send(request.encoded())
        return try nextAnswer(as: type, verb: verb, forceHelps: forceHelps)
    }

    /// From now on only an answer or the end of ublkd ends a wait.
    func waitWithoutEnd() { deadline = Deadline(after: nil) }

    /// Waits for one more answer to the last call.
    func nextAnswer<Answer: Decodable & Sendable>(
        as type: Answer.Type, verb: String, forceHelps: Bool = false
    ) throws(Failure) -> Answer {
        let message = try receive()
        do {
            return try Reply(message: message, as: type).parameters
        } catch {
            switch error {
            case .refused(let wireError):
                throw Failure(wireError, verb: verb, forceHelps: forceHelps)
            case .unreadable:
                throw Failure(
                    .failed,
                    "\(verb): the answer at \(path) is not what ublkd answers; is another program there, "
                        + "or a ublkd of another version?")
            }
        }
    }

    func send(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { room in
                Glibc.send(
                    fd.raw, room.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT))
            } else if errno != EINTR {
                throw lost(Errno(errno))
            }
        }
    }

    private func receive() throws(Failure) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            do throws(FrameError) {
                if let message = try decoder.next() { return message }
            } catch {
                throw Failure(.failed, "the answer of ublkd at \(path) is longer than this ublkctl takes")
            }
            let count = chunk.withUnsafeMutableBytes { recv(fd.raw, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                decoder.append(chunk.prefix(count))
            } else if count == 0 {
                throw lost(nil)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLIN))
            } else if errno != EINTR {
                throw lost(Errno(errno))
            }
        }
    }

    private func wait(for events: Int16) throws(Failure) {
        var entry = pollfd(fd: fd.raw, events: events, revents: 0)
        while true {
            let left = deadline.remainingMilliseconds
            guard left > 0 else { throw Self.outOfTime(path) }
            let ready = poll(&entry, 1, left)
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw lost(Errno(errno)) }
        }
    }

    // MARK: - In words

    private func lost(_ error: Errno?) -> Failure {
        let why = error.map { " (\($0))" } ?? ""
        return Failure(
            .notRunning,
            "ublkd closed the connection before it answered\(why); it may have ended or be restarting: "
                + "see 'systemctl status ublkd', then try again")
    }

    private static func outOfTime(_ path: String) -> Failure {
        Failure(
            .timeout,
            "ublkd at \(path) did not answer in time; what was asked may still go on: see 'ublkctl status' and "
                + "'journalctl -u ublkd', or allow more time with --timeout")
    }

    private static func refusal(_ error: Errno, _ path: String) -> Failure {
        switch error {
        case .accessDenied, .notPermitted:
            Failure(.notPermitted, "not permitted to connect to \(path): \(error); try sudo")
        case .noSuchFile, .connectionRefused:
            Failure(
                .notRunning,
                "ublkd is not running: nobody listens at \(path); start it with 'systemctl start ublkd', or "
                    + "name its socket with --socket (devices keep serving without it)")
        default:
            Failure(.failed, "cannot connect to ublkd at \(path): \(error)")
        }
    }
}

/// 0, or the errno of connect(2).
private func connectOnce(_ fd: Int32, _ path: String) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
        // The rest stays zero, so the path is closed by a NUL.
        room.copyBytes(from: path.utf8.prefix(room.count - 1))
    }
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result == 0 ? 0 : errno
}
