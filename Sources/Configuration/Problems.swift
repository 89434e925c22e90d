internal import ConfigText

/// A place in one of the files.
struct Place: Hashable {
    /// Index of the file.
    let source: Int
    let span: SourceSpan
}

/// Everything found wrong so far, in all files.
struct Problems {
    private struct Finding {
        let source: Int
        let offset: Int
        let diagnostic: Diagnostic
    }

    private struct Said: Hashable {
        let place: Place
        let message: String
    }

    let documents: [TOMLDocument]
    private var findings: [Finding] = []
    /// A value of `[defaults]` is looked at once for each device, and spoken of once.
    private var said: Set<Said> = []

    init(documents: [TOMLDocument]) {
        self.documents = documents
        for (source, document) in documents.enumerated() {
            for diagnostic in document.diagnostics {
                findings.append(
                    Finding(
                        source: source, offset: diagnostic.position?.offset ?? 0, diagnostic: diagnostic))
            }
        }
    }

    mutating func error(_ place: Place, _ message: String, hint: String? = nil) {
        add(.error, place, message, hint: hint)
    }

    mutating func warning(_ place: Place, _ message: String, hint: String? = nil) {
        add(.warning, place, message, hint: hint)
    }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ place: Place, _ message: String, hint: String?
    ) {
        guard said.insert(Said(place: place, message: message)).inserted else { return }
        let source = documents[place.source].source
        findings.append(
            Finding(
                source: place.source, offset: place.span.start.offset,
                diagnostic: source.diagnostic(severity, at: place.span, message, hint: hint)))
    }

    /// `FILE:LINE:COLUMN`, for messages that name another place.
    func describe(_ place: Place) -> String {
        let start = place.span.start
        return "\(documents[place.source].source.file):\(start.line):\(start.column)"
    }

    /// By file, then by position. Warnings never take the place of errors.
    var sorted: [Diagnostic] {
        let order = findings.enumerated().sorted { a, b in
            (a.element.source, a.element.offset, a.offset) < (b.element.source, b.element.offset, b.offset)
        }
        let errors = order.filter { $0.element.diagnostic.severity == .error }.prefix(Diagnostic.limit)
        let last = errors.count == Diagnostic.limit ? errors.last?.element : nil
        let shown = order.filter { item in
            guard let last else { return true }
            return (item.element.source, item.element.offset) <= (last.source, last.offset)
        }
        return Array(shown.map(\.element.diagnostic).prefix(Diagnostic.limit))
    }
}
