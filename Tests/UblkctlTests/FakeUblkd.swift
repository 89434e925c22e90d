import Foundation
import StatusWire
import Synchronization

/// A ublkd of the tests' own: a Unix socket, the real dispatcher, and answers made up by the test.
final class FakeUblkd: Sendable {
    enum Answer: Sendable {
        case reply(Response)
        case error(WireError)
        /// One after the other, each but with more to come; then the connection is closed.
        case stream([Response])
        /// Sent as they are.
        case bytes([UInt8])
        /// Nothing, ever.
        case silence
        /// The connection is closed.
        case hangUp
    }

    let path: String
    private let listener: Int32
    private let answer: @Sendable (Request) -> Answer
    private let seen = Mutex<[Request]>([])

    /// Every request that arrived, in order.
    var requests: [Request] { seen.withLock { $0 } }

    /// - Parameter answer: called on a thread of the server's.
    init(answer: @escaping @Sendable (Request) -> Answer) throws {
        self.answer = answer
        path = FileManager.default.temporaryDirectory.path + "/ublkctl-test-\(UUID().uuidString)"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(listener, 16) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [self] in accept() }
    }

    /// Devices that are there from the first, and what the methods that change answer.
    convenience init(
        devices: [DeviceSummary], host: HostStatus = Fixtures.host,
        changes: @escaping @Sendable (Request) -> Answer = { _ in .silence }
    ) throws {
        try self.init { request in
            switch request {
            case .status: .reply(.status(host))
            case .list: .reply(.list(devices))
            default: changes(request)
            }
        }
    }

    /// Each List is answered by the next of these; the last stays.
    convenience init(
        lists: [[DeviceSummary]], changes: @escaping @Sendable (Request) -> Answer = { _ in .silence }
    ) throws {
        let asked = Box(0)
        try self.init { request in
            switch request {
            case .status: return .reply(.status(Fixtures.host))
            case .list:
                let number = asked.next()
                return .reply(.list(lists[min(number, lists.count - 1)]))
            default: return changes(request)
            }
        }
    }

    /// Once. The thread that accepts closes the listener: closed here, its number might be that of another
    /// server's listener before the thread uses it again.
    func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(path)
    }

    private func accept() {
        while true {
            let peer = Foundation.accept(listener, nil, nil)
            guard peer >= 0 else {
                // It was shut down. After any other error `end` is still to come, and needs the number.
                if errno == EINVAL { close(listener) }
                return
            }
            Thread.detachNewThread { [self] in
                serve(peer)
                close(peer)
            }
        }
    }

    private func serve(_ peer: Int32) {
        let dispatcher = Dispatcher(service: ServiceInfo(version: "test"))
        var decoder = FrameDecoder()
        var room = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(peer, &room, room.count, 0)
            guard count > 0 else { return }
            decoder.append(room.prefix(count))
            while let message = try? decoder.next() {
                guard case .request(let request, _) = dispatcher.dispatch(message, from: .admin) else {
                    return
                }
                seen.withLock { $0.append(request) }
                let bytes: [UInt8]
                switch answer(request) {
                case .reply(let response): bytes = response.encoded(for: .admin)
                case .error(let error): bytes = error.encoded()
                case .stream(let responses):
                    for response in responses {
                        deliver(response.encoded(for: .admin, continues: true), peer)
                    }
                    return
                case .bytes(let raw): bytes = raw
                case .silence: continue
                case .hangUp: return
                }
                guard deliver(bytes, peer) else { return }
            }
        }
    }

    @discardableResult
    private func deliver(_ bytes: [UInt8], _ peer: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = Array(rest).withUnsafeBytes {
                send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}

/// A number that threads share.
final class Box: Sendable {
    private let value: Mutex<Int>
    init(_ value: Int) { self.value = Mutex(value) }
    /// The number, and then one more.
    func next() -> Int {
        value.withLock { number in
            defer { number += 1 }
            return number
        }
    }
}
