import Foundation
import Testing

/// Recorded texts, in the folder `Golden` beside the tests. With UBLKD_RECORD=1 in the environment they are
/// written instead of compared: look at the difference before it is committed.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    static func expect(_ text: String, as name: String, _ location: SourceLocation = #_sourceLocation) {
        let file = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["UBLKD_RECORD"] == "1" {
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            #expect(throws: Never.self, sourceLocation: location) {
                try Data(text.utf8).write(to: file)
            }
            return
        }
        let recorded = (try? String(contentsOf: file, encoding: .utf8)) ?? "(there is no such file)"
        #expect(text == recorded, "Golden/\(name); UBLKD_RECORD=1 records it anew", sourceLocation: location)
    }
}
