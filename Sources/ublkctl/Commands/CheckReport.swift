internal import ConfigText
internal import FoundationEssentials

/// What `check --json` prints.
struct CheckReport: Encodable {
    let version = 1
    let ok: Bool
    let problems: [Problem]

    /// Every member is always there; null: the file as a whole, or no hint.
    struct Problem: Encodable {
        let diagnostic: Diagnostic

        private enum Key: String, CodingKey {
            case file, line, column, message, hint, severity
        }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Key.self)
            try object.encode(diagnostic.file, forKey: .file)
            try object.encode(diagnostic.position?.line, forKey: .line)
            try object.encode(diagnostic.position?.column, forKey: .column)
            try object.encode(diagnostic.message, forKey: .message)
            try object.encode(diagnostic.hint, forKey: .hint)
            try object.encode(diagnostic.severity.rawValue, forKey: .severity)
        }
    }

    init(isFine: Bool, problems: [Diagnostic]) {
        ok = isFine
        self.problems = problems.map(Problem.init)
    }

    /// One line.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
