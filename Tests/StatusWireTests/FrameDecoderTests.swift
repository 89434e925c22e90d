import StatusWire
import Testing

@Suite("Cutting a byte stream into messages")
struct FrameDecoderTests {
    private static func messages(_ stream: [UInt8], cutEvery size: Int) throws -> [[UInt8]] {
        var decoder = FrameDecoder(limit: 1000)
        var found: [[UInt8]] = []
        var rest = stream[...]
        while !rest.isEmpty {
            decoder.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let message = try decoder.next() { found.append(message) }
        }
        return found
    }

    @Test("The same messages come out however the stream is cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(size: Int) throws {
        let wanted = ["{}", "", "{\"method\":\"a.b\"}", String(repeating: "x", count: 1000)]
        let stream: [UInt8] = wanted.flatMap { text -> [UInt8] in Array(text.utf8) + [0] }
        let found = try Self.messages(stream, cutEvery: size)
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == wanted)
    }

    @Test("Bytes without their NUL are kept, and counted")
    func incomplete() throws {
        var decoder = FrameDecoder()
        decoder.append(Array("{\"meth".utf8))
        #expect(try decoder.next() == nil)
        #expect(decoder.pendingBytes == 6)
        decoder.append(Array("od\":1}".utf8) + [0, 1])
        #expect(try decoder.next()?.count == 12)
        #expect(try decoder.next() == nil)
        #expect(decoder.pendingBytes == 1)
    }

    @Test("A message over the limit ends the stream, also when its NUL is there already")
    func limit() throws {
        var decoder = FrameDecoder(limit: 4)
        decoder.append(Array("1234".utf8) + [0])
        #expect(try decoder.next()?.count == 4)
        decoder.append(Array("12345".utf8) + [0])
        #expect(throws: FrameError.tooLong(limit: 4)) { try decoder.next() }
        decoder.append(Array("1".utf8) + [0])
        #expect(throws: FrameError.tooLong(limit: 4)) { try decoder.next() }
        #expect(decoder.pendingBytes == 0)
    }

    @Test("An endless message is refused before it fills the memory")
    func endless() throws {
        var decoder = FrameDecoder()
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        var chunks = 0
        while chunks < 1000 {
            decoder.append(chunk)
            chunks += 1
            do {
                _ = try decoder.next()
            } catch {
                break
            }
        }
        #expect(chunks == FrameDecoder.callLimit / 4096 + 1)
    }

    @Test("A long message in small pieces takes time in proportion to its length")
    func linear() throws {
        func work(_ bytes: Int) throws -> Duration {
            var decoder = FrameDecoder(limit: bytes)
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16)
            return try ContinuousClock().measure {
                for _ in 0..<(bytes / 16) {
                    decoder.append(piece)
                    _ = try decoder.next()
                }
            }
        }
        _ = try work(1 << 14)
        let small = try work(1 << 16)
        // The best of three: other work on the machine must not fail this.
        let large = try min(work(1 << 20), work(1 << 20), work(1 << 20))
        // 16 times the bytes; a quadratic decoder would take 256 times as long.
        #expect(large < small * 100)
    }
}
