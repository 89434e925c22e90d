internal import ConfigText

/// A place in one of the files.
struct Place: Hashable {
    /// Index of the file.
    let source: Int
    let span: SourceSpan
}

/// Everything found wrong so far, in all files.
struct Problems {
    /// The diagnostic with its source line is made only for those that are shown: a line can be long.
    private struct Finding {
        let place: Place
        let severity: Diagnostic.Severity
        let message: String
        let hint: String?
    }

    private struct Said: Hashable {
        let place: Place
        let message: String
    }

    let documents: [TOMLDocument]
    private var findings: [Finding] = []
    /// A value of `[defaults]` is looked at once for each device, and spoken of once.
    private var said: Set<Said> = []

    init(documents: [TOMLDocument]) { self.documents = documents }

    /// Far more than will be shown: what is found from now on is not noted any more.
    var isFull: Bool { findings.count >= 20 * Diagnostic.limit }

    mutating func error(_ place: Place, _ message: String, hint: String? = nil) {
        add(.error, place, message, hint: hint)
    }

    mutating func warning(_ place: Place, _ message: String, hint: String? = nil) {
        add(.warning, place, message, hint: hint)
    }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ place: Place, _ message: String, hint: String?
    ) {
        guard !isFull, said.insert(Said(place: place, message: message)).inserted else { return }
        findings.append(Finding(place: place, severity: severity, message: message, hint: hint))
    }

    /// `FILE:LINE:COLUMN`, for messages that name another place.
    func describe(_ place: Place) -> String {
        let start = place.span.start
        return "\(documents[place.source].source.file):\(start.line):\(start.column)"
    }

    /// By file, then by position, those of the grammar included. Warnings never take the place of errors.
    var sorted: [Diagnostic] {
        var items: [Item] = findings.map { Item(source: $0.place.source, content: .found($0)) }
        for (source, document) in documents.enumerated() {
            items += document.diagnostics.map { Item(source: source, content: .syntax($0)) }
        }
        items.sort { ($0.source, $0.offset) < ($1.source, $1.offset) }
        var errors = 0
        var shown: [Item] = []
        for item in items where errors < Diagnostic.limit {
            if item.isError { errors += 1 }
            shown.append(item)
        }
        var surplus = shown.count - Diagnostic.limit
        shown.removeAll { item in
            guard surplus > 0, !item.isError else { return false }
            surplus -= 1
            return true
        }
        return shown.map { item in
            switch item.content {
            case .syntax(let diagnostic): diagnostic
            case .found(let finding):
                documents[item.source].source.diagnostic(
                    finding.severity, at: finding.place.span, finding.message, hint: finding.hint)
            }
        }
    }

    private struct Item {
        enum Content {
            case syntax(Diagnostic)
            case found(Finding)
        }

        let source: Int
        let content: Content

        var offset: Int {
            switch content {
            case .syntax(let diagnostic): diagnostic.position?.offset ?? 0
            case .found(let finding): finding.place.span.start.offset
            }
        }

        var isError: Bool {
            switch content {
            case .syntax(let diagnostic): diagnostic.severity == .error
            case .found(let finding): finding.severity == .error
            }
        }
    }
}
