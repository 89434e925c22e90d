import Testing

@testable import Systemd

@Suite struct JournalTests {
    @Test func anEntryIsOneDatagramOfFields() throws {
        let reader = DatagramListener("journal")
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
        let reader = DatagramListener("journal")
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
