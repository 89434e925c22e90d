/// A text with a first line that says what it is, how long it is and what its bytes add up to: one that was cut short, or
/// in which a bit has turned, is told from a whole one.
///
/// The line begins with `#`, so that a sealed TOML file is TOML still.
enum SealedText {
    /// `kind`: a word that names the format.
    static func seal(_ body: [UInt8], kind: String) -> [UInt8] { header(body[...], kind) + body }

    /// What was sealed; nil for anything else than the whole of it.
    static func unseal(_ bytes: [UInt8], kind: String) -> [UInt8]? {
        guard let end = bytes.firstIndex(of: 0x0a) else { return nil }
        let body = bytes[(end + 1)...]
        // Written again and compared, so that no other spelling of the same is taken.
        guard bytes[...end].elementsEqual(header(body, kind)) else { return nil }
        return Array(body)
    }

    private static func header(_ body: ArraySlice<UInt8>, _ kind: String) -> [UInt8] {
        let sum = String(checksum(body), radix: 16)
        return Array(
            "# \(kind) 1, \(body.count) bytes, fnv1a \(String(repeating: "0", count: 16 - sum.count))\(sum)\n"
                .utf8)
    }

    /// FNV-1a of 64 bits: every byte takes part in a step that can be undone, so one that differs always shows.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
