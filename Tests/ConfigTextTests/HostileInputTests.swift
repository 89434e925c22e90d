import CPUTime
import ConfigText
import Testing

/// Input that was made to break the parser.
@Suite struct HostileInputTests {
    @Test(
        arguments: [
            String(repeating: "[", count: 100_000), "a = " + String(repeating: "[", count: 100_000),
            "a = " + String(repeating: "{a=", count: 100_000),
            "a = " + String(repeating: "[{a=", count: 50_000),
            String(repeating: "a.", count: 100_000) + "a = 1",
            "[" + String(repeating: "a.", count: 100_000) + "a]",
            "a = {" + String(repeating: "a.", count: 1000) + "a = 1}",
        ].map(LargeText.init))
    func deepNestingIsRefused(large: LargeText) throws {
        let document = parse(large.text)
        #expect(!document.isValid)
        #expect(json(document).count < 10_000)
    }

    @Test func nestingHasAClearLimit() {
        #expect(
            parse("a = " + String(repeating: "[", count: 127) + String(repeating: "]", count: 127)).isValid)
        let tooDeep = parse("a = " + String(repeating: "[", count: 128) + String(repeating: "]", count: 128))
        #expect(tooDeep.diagnostics.map(\.message) == ["nested more than 128 deep"])
    }

    /// Nested arrays of tables are two levels each.
    @Test func tablesOfTablesHaveALimit() {
        var text = ""
        var path = "a"
        for _ in 0..<200 {
            text += "[[\(path)]]\n"
            path += ".a"
        }
        #expect(parse(text).diagnostics.first?.message.contains("128") == true)
    }

    /// Each is far beyond what quadratic work would finish in a debug build.
    @Test(
        arguments: [
            String(repeating: "[[a]]\n", count: 30_000),
            "a = [" + String(repeating: "1,", count: 100_000) + "]",
            (0..<10_000).map { "k\($0) = \($0)\n" }.joined(),
            "a = 1" + String(repeating: "0", count: 200_000) + ".0",
            "a = \"" + String(repeating: "\\u00e9", count: 30_000) + "\"",
            "a = {" + (0..<20_000).map { "k\($0)=1" }.joined(separator: ",") + "}",
            "a = [\n" + String(repeating: "1,\n", count: 50_000),
            "a = '''" + String(repeating: "x\n", count: 100_000),
            String(repeating: "a = [\n", count: 30_000),
        ].map(LargeText.init))
    func largeDocuments(large: LargeText) {
        var problems = 0
        let took = cpuSeconds { problems = parse(large.text).diagnostics.count }
        #expect(problems <= Diagnostic.limit)
        #expect(took < 30)
    }

    /// Whatever is done to a document, it is read without a trap, and errors are inside it.
    @Test(arguments: 0..<8)
    func mutations(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let seeds = Self.samples.map { Array($0.utf8) }
        for round in 0..<2500 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...5, using: &random) { Self.mutate(&bytes, &random) }
            let document = TOMLDocument(parsing: bytes, file: "fuzz")
            let lines = bytes.count { $0 == 0x0A } + 1
            // One expectation a document: they are not free, and there are many.
            let areInside = document.diagnostics.allSatisfy { diagnostic in
                guard let position = diagnostic.position else { return true }
                return (0...bytes.count).contains(position.offset) && (1...lines).contains(position.line)
                    && (1...bytes.count + 1).contains(position.column) && !diagnostic.rendered().isEmpty
            }
            if !areInside || document.diagnostics.count > Diagnostic.limit {
                Issue.record("round \(round) of seed \(seed): \(bytes)")
            }
            _ = document.taggedJSON()
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let marks =
            Array("[]{}\"'=.,#\\\n\r\t u0e-_:TZ\u{0}\u{7F}".utf8) + [
                0xFF, 0xC3, 0xED, 0xA0, 0xEF, 0xBB, 0xBF,
            ]
        let place = Int.random(in: 0..<max(1, bytes.count), using: &random)
        guard !bytes.isEmpty else {
            bytes = [marks[0]]
            return
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(marks[Int.random(in: 0..<marks.count, using: &random)], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
        case 3: bytes.removeSubrange(place...)
        default:
            let from = Int.random(in: 0..<bytes.count, using: &random)
            let copy = bytes[from..<min(bytes.count, from + Int.random(in: 1...40, using: &random))]
            bytes.insert(contentsOf: Array(copy), at: place)
        }
    }

    private static let samples = [
        """
        title = "TOML é 日本 😀 \\u00e9 \\U0001F600 \\\\"
        [owner]
        name = 'x'
        dob = 1979-05-27T07:32:00-08:00
        times = [07:32:00, 1979-05-27, 1979-05-27 07:32:00.5]
        [database]
        ports = [ 8000, 8_001, [ 1.5e3, "a" ],
          # c
          0xdead_beef, ]
        temp = { cpu = 79.5, case.x = -inf, deep = {a = [{b = {}}]} }
        [servers.alpha]
        ip = \"\"\"10.0.0.1
        \\
           z\"\"\"
        raw = '''a''b
        c'''
        [[products]]
        name = "Hammer"
        [[products.sub]]
        k."a b".'c' = true
        [[products]]
        """,
        "a.b.c = 1\n[a.d]\n[a.d.e]\n[[a.f]]\n[[a.f]]\n[a.f.g]\r\nx = [\n[1,\n2],\n]\n",
        "[device.data]\ntarget = \"file\"\npath = \"/srv/data.img\"\nsize = \"10GiB\"\ncpus = [\"0-1\", \"2\"]\n",
    ]
}

/// An argument that is not printed whole.
struct LargeText: CustomTestStringConvertible {
    let text: String
    var testDescription: String { "\(text.prefix(16).debugDescription)… of \(text.utf8.count) bytes" }
}
