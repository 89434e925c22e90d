import CPUTime
import ConfigText
import Configuration
import Testing

/// Configurations that no person would write.
@Suite struct HostileConfigurationTests {
    /// Whatever is done to a configuration, it is checked without a trap, and problems are inside it.
    @Test(arguments: 0..<8)
    func mutations(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for round in 0..<400 {
            var main = Array(Self.sample.utf8)
            var dropIn = Array("[device.m]\ntarget = \"memory\"\nsize = \"1GiB\"\n".utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&main, &random) }
            Self.mutate(&dropIn, &random)
            let result = Configuration.check(
                sources: [("main", main), ("drop-in", dropIn)], hostFacts: HostFacts(cpuCount: 2))
            let areInside = result.diagnostics.allSatisfy { problem in
                let bytes = problem.file == "main" ? main : dropIn
                guard let position = problem.position else { return true }
                return (0...bytes.count).contains(position.offset) && !problem.rendered().isEmpty
            }
            var isSound = areInside && result.diagnostics.count <= Diagnostic.limit
            if let configuration = result.configuration {
                let again = Configuration.check(
                    sources: [("again", Array(serialize(configuration).utf8))],
                    hostFacts: HostFacts(cpuCount: 2))
                isSound = isSound && again.configuration == configuration && again.diagnostics.isEmpty
            } else {
                isSound = isSound && result.diagnostics.contains { $0.severity == .error }
            }
            if !isSound { Issue.record("round \(round): \(String(decoding: main, as: UTF8.self))") }
        }
    }

    /// A million bytes of errors, on one line and on many.
    @Test(
        arguments: [
            "device.d = {" + (0..<20_000).map { "k\($0)=1" }.joined(separator: ",") + "}",
            (0..<20_000).map { "k\($0) = 1\n" }.joined(),
            (0..<5_000).map { "[device.d\($0)]\nqueues = 0\n" }.joined(),
            "[device.d]\n" + String(repeating: "k", count: 100_000) + " = 1",
            "[device.d]\ncpus = [" + String(repeating: "\"x\",", count: 20_000) + "]",
        ].map(LargeText.init))
    func manyErrors(large: LargeText) {
        var problems = 0
        let took = cpuSeconds {
            let result = checked(large.text)
            problems = result.configuration == nil ? result.diagnostics.count : 0
        }
        #expect((1...Diagnostic.limit).contains(problems))
        #expect(took < 30)
    }

    @Test func manyDevices() throws {
        let text = (0..<2_000).map {
            "[device.d\($0)]\ntarget = \"file\"\npath = \"/srv/\($0)\"\nid = \($0)\n"
        }
        #expect(try configuration(text.joined()).devices.count == 2_000)
    }

    @Test func warningsDoNotHideErrors() {
        let warned = (0..<60).map { "[device.x-\($0)]\ntarget = \"null\"\n" }.joined()
        let result = checked(warned + "[device.d]\ntarget = \"nul\"\n")
        #expect(result.diagnostics.count == Diagnostic.limit)
        #expect(result.diagnostics.last?.severity == .error)
    }

    private static let sample = """
        [daemon]
        worker_user = "ublkd-worker"
        control_timeout = "5s"
        spare_workers = 1
        x-mine = { a = [1, 2] }
        [defaults]
        queues = 2
        cpus = ["0-1", "1"]
        restart_delay = "100ms"
        [device.data]
        target = "file"
        path = "/srv/dätä.img"
        size = "10GiB"
        create = true
        mode = "0660"
        request_timeout = "off"
        [device.scratch]
        target = "null"
        size = 1_048_576
        block_size = 4096
        recovery = "fail-inflight"
        stall_timeout = "30s"

        """

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let marks = Array("[]{}\"'=.,#\\\n\r\t 0159-_xKMsh".utf8) + [0xFF, 0xC3, 0x00]
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = marks[Int.random(in: 0..<marks.count, using: &random)]
        case 1: bytes.insert(marks[Int.random(in: 0..<marks.count, using: &random)], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
        default:
            let from = Int.random(in: 0..<bytes.count, using: &random)
            let copy = bytes[from..<min(bytes.count, from + Int.random(in: 1...40, using: &random))]
            bytes.insert(contentsOf: Array(copy), at: place)
        }
    }
}

/// An argument that is not printed whole.
struct LargeText: CustomTestStringConvertible {
    let text: String
    var testDescription: String { "\(text.prefix(16).debugDescription)… of \(text.utf8.count) bytes" }
}
