import Glibc
import Testing

@testable import Systemd

/// A journal that reads when the test lets it.
private final class Reader {
    let path = "/tmp/ublkd-journal-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

    init() {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    deinit {
        close(fd)
        unlink(path)
    }

    func next() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}

@Suite struct JournalTests {
    @Test func anEntryIsOneDatagramOfFields() throws {
        let reader = Reader()
        Journal(path: reader.path).send(
            priority: 5, message: "two\nlines", fields: ["UBLKD_DEVICE": "data"])
        let entry = try #require(reader.next())
        let message = Array("MESSAGE\n".utf8) + [9, 0, 0, 0, 0, 0, 0, 0] + Array("two\nlines\n".utf8)
        #expect(Array(entry.prefix(message.count)) == message)
        #expect(
            String(decoding: entry.dropFirst(message.count), as: UTF8.self)
                == "PRIORITY=5\nUBLKD_DEVICE=data\n")
    }

    /// A journal that does not read holds nobody up, and is told later how much it missed.
    @Test(.timeLimit(.minutes(5))) func aJournalThatDoesNotReadIsNotWaitedFor() throws {
        let reader = Reader()
        let journal = Journal(path: reader.path)
        for number in 0..<2_000 { journal.send(priority: 6, message: "entry \(number)", fields: [:]) }
        var taken = 0
        while reader.next() != nil { taken += 1 }
        #expect(taken > 0 && taken < 2_000)
        journal.send(priority: 6, message: "again", fields: [:])
        let told = String(decoding: try #require(reader.next()), as: UTF8.self)
        #expect(told.hasPrefix("MESSAGE=\(2_000 - taken) entries were left out"))
        #expect(String(decoding: try #require(reader.next()), as: UTF8.self).hasPrefix("MESSAGE=again\n"))
    }

    @Test func withoutAJournalNothingHappens() {
        Journal(path: "/nowhere/socket").send(priority: 6, message: "x", fields: [:])
    }
}
