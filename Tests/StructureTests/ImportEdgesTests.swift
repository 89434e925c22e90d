import Foundation
import Testing

/// Who may import whom. An edge that is not here fails, so that the data path never meets policy and the
/// supervisor never meets I/O.
private let allowed: [String: Set<String>] = [
    "BlockABI": ["CUblk"],
    "ConfigText": [],
    "Configuration": ["ConfigText", "BlockABI"],
    "DevicePolicy": ["BlockABI", "Configuration"],
    "StatusWire": ["FoundationEssentials"],
    "LinuxSys": ["CUblk", "BlockABI", "Glibc", "Synchronization"],
    "Systemd": ["CSystemd", "BlockABI"],
    "QueueEngine": ["CUblk", "BlockABI", "Glibc", "Synchronization"],
    "ublkd": [
        "BlockABI", "ConfigText", "Configuration", "DevicePolicy", "StatusWire", "LinuxSys", "Systemd",
        "FoundationEssentials",
    ],
    "ublkd-worker": ["BlockABI", "CUblk", "LinuxSys", "QueueEngine", "Glibc", "Synchronization"],
    "ublkctl": [
        "StatusWire", "ConfigText", "Configuration", "LinuxSys", "BlockABI", "ArgumentParser",
        "FoundationEssentials", "Glibc",
    ],
]

private let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private func files(below folder: String, _ suffixes: [String]) throws -> [URL] {
    let base = root.appendingPathComponent(folder)
    let found = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
    return found.compactMap { $0 as? URL }.filter { url in suffixes.contains { url.pathExtension == $0 } }
}

private func imports(in text: String) -> Set<String> {
    var names: Set<String> = []
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let at = words.firstIndex(of: "import"), at <= 2, words.count > at + 1 else { continue }
        let before = Set(words[..<at].map(String.init))
        guard
            before.isSubset(of: ["public", "internal", "private", "package", "@testable", "@preconcurrency"])
        else { continue }
        names.insert(String(words[at + 1].split(separator: ".")[0]))
    }
    return names
}

@Suite struct Structure {
    @Test(arguments: allowed.keys.sorted())
    func aTargetImportsOnlyWhatItMay(target: String) throws {
        let may = try #require(allowed[target])
        for file in try files(below: "Sources/\(target)", ["swift"]) {
            let used = imports(in: try String(contentsOf: file, encoding: .utf8))
            #expect(
                used.subtracting(may).isEmpty, "\(file.lastPathComponent) imports \(used.subtracting(may))")
        }
    }

    @Test func everyTargetIsInTheTable() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: root.appendingPathComponent("Sources").path)
        #expect(Set(folders).subtracting(["CUblk", "CSystemd"]) == Set(allowed.keys))
    }

    @Test func noFileIsLongerThan600Lines() throws {
        for folder in ["Sources", "Tests", "deploy"] {
            for file in try files(below: folder, ["swift", "c", "h", "sh", "py"]) {
                let lines = try String(contentsOf: file, encoding: .utf8).split(
                    separator: "\n", omittingEmptySubsequences: false
                ).count
                #expect(lines <= 600, "\(file.path) has \(lines) lines")
            }
        }
    }

    /// Nothing that comes from a file, the kernel or a socket may end a program.
    @Test func noTrapOnInput() throws {
        for file in try files(below: "Sources", ["swift"]) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for trap in ["try" + "!", "as" + "!", "fatalError" + "("] {
                #expect(!text.contains(trap), "\(file.lastPathComponent) has \(trap)")
            }
        }
    }
}
