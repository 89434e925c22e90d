/// Keys and values in the order of their first appearance.
public struct TOMLTable: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let key: TOMLKey
        public let node: TOMLNode

        public init(key: TOMLKey, node: TOMLNode) {
            self.key = key
            self.node = node
        }
    }

    /// No two have the same key.
    public let entries: [Entry]
    private let index: KeyIndex

    init(entries: [Entry], index: KeyIndex) {
        self.entries = entries
        self.index = index
    }

    /// The entry of a key, compared byte for byte.
    public func entry(_ name: String) -> Entry? {
        index.position(of: name, count: entries.count) { entries[$0].key.name }.map { entries[$0] }
    }

    public subscript(name: String) -> TOMLNode? { entry(name)?.node }

    public static func == (a: Self, b: Self) -> Bool { a.entries == b.entries }
    public func hash(into hasher: inout Hasher) { hasher.combine(entries) }
}

/// Finds keys. Small tables are searched, large ones hashed.
struct KeyIndex: Sendable {
    private var positions: [KeyBytes: Int] = [:]

    static var threshold: Int { 8 }

    /// - Parameters:
    ///   - count: keys in the table.
    ///   - name: the key at a position.
    func position(of key: String, count: Int, name: (Int) -> String) -> Int? {
        guard count <= Self.threshold else { return positions[KeyBytes(text: key)] }
        for position in 0..<count where sameBytes(name(position), key) { return position }
        return nil
    }

    /// To be called after each key was added, with the new count.
    mutating func added(count: Int, name: (Int) -> String) {
        if count == Self.threshold + 1 {
            for position in 0..<count { positions[KeyBytes(text: name(position))] = position }
        } else if count > Self.threshold {
            positions[KeyBytes(text: name(count - 1))] = count - 1
        }
    }
}

/// Two strings that Unicode calls equal may differ in their bytes, and are different keys then.
private func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

private struct KeyBytes: Hashable, Sendable {
    let text: String

    static func == (a: Self, b: Self) -> Bool { sameBytes(a.text, b.text) }

    func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        var filled = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled == 8 {
                hasher.combine(word)
                word = 0
                filled = 0
            }
        }
        hasher.combine(word)
        hasher.combine(filled)
    }
}
