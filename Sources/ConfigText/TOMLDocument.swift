/// A TOML 1.0 document: whatever of it could be read, and all that is wrong with it.
public struct TOMLDocument: Sendable {
    public let source: SourceText
    /// Everything that parsed, also when there are errors. Values that did not are `.invalid`.
    public let root: TOMLTable
    /// Errors by position, at most `Diagnostic.limit`; empty for a valid document.
    public let diagnostics: [Diagnostic]

    public var isValid: Bool { diagnostics.isEmpty }

    /// Reads a document in time linear to its size. No input makes this trap.
    /// - Parameter file: the name to print in diagnostics.
    public init(parsing input: [UInt8], file: String) {
        let encoding = EncodingCheck(input)
        source = SourceText(file: file, bytes: encoding.bytes)
        if let order = Self.utf16Order(input) {
            root = TOMLTable(entries: [], index: KeyIndex())
            diagnostics = [
                Diagnostic(
                    file: file, "this is UTF-16 (\(order)), a configuration is UTF-8",
                    hint: "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8")
            ]
            return
        }
        var parser = Parser(source: source, findings: encoding.findings)
        parser.parse()
        root = parser.tree.frozen(parser.tree.root)
        let sorted = parser.diagnostics.sorted { ($0.position?.offset ?? 0) < ($1.position?.offset ?? 0) }
        diagnostics = Array(sorted.prefix(Diagnostic.limit))
    }

    private static func utf16Order(_ input: [UInt8]) -> String? {
        guard input.count >= 2 else { return nil }
        return switch (input[0], input[1]) {
        case (0xFF, 0xFE): "little endian"
        case (0xFE, 0xFF): "big endian"
        default: nil
        }
    }
}
