/// The tables of a document while it is being read, and TOML's rules on who may add to which.
///
/// Tables live in one array and refer to each other by index: adding a key deep in the tree copies nothing.
struct TreeBuilder {
    struct TableID: Hashable { fileprivate let index: Int }

    /// Where a table came from decides what may still be added to it.
    private enum Origin {
        /// Only named on the way to another table by a header: one header of its own may follow.
        case implied
        case header
        /// Made by a dotted key: dotted keys may add, headers of sub-tables may, its own header may not.
        case dottedKey
    }

    private enum Content {
        case node(TOMLNode)
        case table(TableID)
        case tables([TableID])
    }

    private struct Slot {
        let key: TOMLKey
        var content: Content
    }

    private struct Table {
        var origin: Origin
        var span: SourceSpan
        /// Containers around its values, itself included.
        let depth: Int
        var slots: [Slot] = []
        var index = KeyIndex()

        func position(of name: String) -> Int? {
            index.position(of: name, count: slots.count) { slots[$0].key.name }
        }

        mutating func append(_ slot: Slot) {
            slots.append(slot)
            let slots = slots
            index.added(count: slots.count) { slots[$0].key.name }
        }
    }

    /// Deeper trees are refused, so that whoever walks one may use recursion.
    static var depthLimit: Int { 128 }

    private var tables: [Table]

    init() {
        let start = SourcePosition(offset: 0, line: 1, column: 1)
        tables = [Table(origin: .header, span: SourceSpan(start: start, length: 0), depth: 0)]
    }

    var root: TableID { TableID(index: 0) }

    func depth(of table: TableID) -> Int { tables[table.index].depth }

    /// A table that belongs to nothing: takes what stands under a header that cannot be used.
    mutating func detachedTable(span: SourceSpan) -> TableID { make(.header, span: span, depth: 1) }

    private mutating func make(_ origin: Origin, span: SourceSpan, depth: Int) -> TableID {
        tables.append(Table(origin: origin, span: span, depth: depth))
        return TableID(index: tables.count - 1)
    }

    private mutating func add(_ key: TOMLKey, _ content: Content, to table: TableID) {
        tables[table.index].append(Slot(key: key, content: content))
    }

    // MARK: Keys and values

    /// Puts a value under a dotted key.
    /// - Returns: what forbids it; the tree is then as before, except for tables named on the way.
    mutating func insert(_ node: TOMLNode, at path: [TOMLKey], in start: TableID) -> SyntaxError? {
        var table = start
        guard let last = path.last else { return nil }
        if tables[start.index].depth + path.count > Self.depthLimit { return Self.tooDeep(last) }
        for key in path.dropLast() {
            guard let position = tables[table.index].position(of: key.name) else {
                let child = make(.dottedKey, span: key.span, depth: tables[table.index].depth + 1)
                add(key, .table(child), to: table)
                table = child
                continue
            }
            let slot = tables[table.index].slots[position]
            switch slot.content {
            case .table(let child):
                if case .header = tables[child.index].origin {
                    return SyntaxError(
                        key.span, "table \(cited(key.name)) has a header: a dotted key cannot add to it",
                        hint: "it stands at \(place(tables[child.index].span)); put the key there")
                }
                tables[child.index].origin = .dottedKey
                table = child
            case .tables:
                return SyntaxError(
                    key.span, "\(cited(key.name)) is an array of tables: a dotted key cannot add to it",
                    hint: "it begins at \(place(slot.key.span))")
            case .node(let node): return Self.notExtensible(key, node, definedAt: slot.key.span)
            }
        }
        if let position = tables[table.index].position(of: last.name) {
            return duplicate(last, of: tables[table.index].slots[position].key.span)
        }
        add(last, .node(node), to: table)
        return nil
    }

    // MARK: Headers

    /// The table of `[a.b.c]`, made where it does not exist yet.
    mutating func defineTable(_ path: [TOMLKey], span: SourceSpan) -> Result<TableID, SyntaxError> {
        guard let last = path.last else { return .success(root) }
        if path.count > Self.depthLimit { return .failure(Self.tooDeep(last)) }
        let parent: TableID
        switch descend(path) {
        case .success(let table): parent = table
        case .failure(let error): return .failure(error)
        }
        guard let position = tables[parent.index].position(of: last.name) else {
            let table = make(.header, span: span, depth: tables[parent.index].depth + 1)
            add(last, .table(table), to: parent)
            return .success(table)
        }
        let slot = tables[parent.index].slots[position]
        switch slot.content {
        case .table(let table):
            guard case .implied = tables[table.index].origin else {
                return .failure(redefinition(last, span: span, of: tables[table.index].span))
            }
            tables[table.index].origin = .header
            tables[table.index].span = span
            return .success(table)
        case .tables:
            return .failure(
                SyntaxError(
                    last.span, "\(cited(last.name)) is an array of tables already",
                    hint: "it begins at \(place(slot.key.span)); `[[…]]` adds to it"))
        case .node: return .failure(redefinition(last, span: span, of: slot.key.span))
        }
    }

    /// A new table at the end of the array of `[[a.b.c]]`, which is made where it does not exist yet.
    mutating func appendTable(_ path: [TOMLKey], span: SourceSpan) -> Result<TableID, SyntaxError> {
        guard let last = path.last else { return .success(root) }
        // The array is a container of its own.
        if path.count >= Self.depthLimit { return .failure(Self.tooDeep(last)) }
        let parent: TableID
        switch descend(path) {
        case .success(let table): parent = table
        case .failure(let error): return .failure(error)
        }
        let table = make(.header, span: span, depth: tables[parent.index].depth + 2)
        guard let position = tables[parent.index].position(of: last.name) else {
            add(last, .tables([table]), to: parent)
            return .success(table)
        }
        guard case .tables(var members) = tables[parent.index].slots[position].content else {
            let first = tables[parent.index].slots[position].key.span
            return .failure(
                SyntaxError(
                    last.span, "\(cited(last.name)) is not an array of tables",
                    hint: "it is defined at \(place(first))"))
        }
        // Emptied first: the array must have one owner, or each `[[…]]` would copy all before it.
        tables[parent.index].slots[position].content = .table(table)
        members.append(table)
        tables[parent.index].slots[position].content = .tables(members)
        return .success(table)
    }

    /// The table that holds the last key of a header's path. Of an array of tables the last one counts.
    private mutating func descend(_ path: [TOMLKey]) -> Result<TableID, SyntaxError> {
        var table = root
        for key in path.dropLast() {
            guard let position = tables[table.index].position(of: key.name) else {
                let child = make(.implied, span: key.span, depth: tables[table.index].depth + 1)
                add(key, .table(child), to: table)
                table = child
                continue
            }
            let slot = tables[table.index].slots[position]
            switch slot.content {
            case .table(let child): table = child
            case .tables(let members): table = members.last ?? table
            case .node(let node): return .failure(Self.notExtensible(key, node, definedAt: slot.key.span))
            }
            if tables[table.index].depth >= Self.depthLimit { return .failure(Self.tooDeep(key)) }
        }
        return .success(table)
    }

    // MARK: Inline tables and the finished tree

    /// Starts an inline table whose keys are at `depth`; to be ended by `finish`.
    mutating func beginInlineTable(span: SourceSpan, depth: Int) -> TableID {
        make(.header, span: span, depth: depth)
    }

    /// The finished inline table; all tables made since it began are its own and are given back.
    mutating func finish(_ table: TableID) -> TOMLTable {
        let finished = frozen(table)
        tables.removeLast(tables.count - table.index)
        return finished
    }

    /// Forgets an inline table that could not be read.
    mutating func abandon(_ table: TableID) { tables.removeLast(tables.count - table.index) }

    /// The tree as it is to be handed out.
    func frozen(_ id: TableID) -> TOMLTable {
        let table = tables[id.index]
        var entries: [TOMLTable.Entry] = []
        entries.reserveCapacity(table.slots.count)
        for slot in table.slots {
            let node: TOMLNode
            switch slot.content {
            case .node(let value): node = value
            case .table(let child): node = frozenNode(child)
            case .tables(let members):
                node = TOMLNode(value: .array(members.map(frozenNode)), span: slot.key.span)
            }
            entries.append(TOMLTable.Entry(key: slot.key, node: node))
        }
        return TOMLTable(entries: entries, index: table.index)
    }

    private func frozenNode(_ id: TableID) -> TOMLNode {
        TOMLNode(value: .table(frozen(id)), span: tables[id.index].span)
    }

    // MARK: Refusals

    private static func tooDeep(_ key: TOMLKey) -> SyntaxError {
        SyntaxError(key.span, "nested more than \(depthLimit) deep")
    }

    private func duplicate(_ key: TOMLKey, of first: SourceSpan) -> SyntaxError {
        SyntaxError(
            key.span, "key \(cited(key.name)) is defined twice", hint: "the first one is at \(place(first))")
    }

    private func redefinition(_ key: TOMLKey, span: SourceSpan, of first: SourceSpan) -> SyntaxError {
        SyntaxError(
            span, "table \(cited(key.name)) is defined twice", hint: "the first one is at \(place(first))")
    }

    private static func notExtensible(
        _ key: TOMLKey, _ node: TOMLNode, definedAt span: SourceSpan
    ) -> SyntaxError {
        let message =
            switch node.value {
            case .table: "\(cited(key.name)) is an inline table: nothing can be added to it from outside"
            case .array: "\(cited(key.name)) is an array: nothing can be added to it from outside"
            default: "\(cited(key.name)) is not a table but \(node.value.kind)"
            }
        return SyntaxError(key.span, message, hint: "it is defined at \(place(span))")
    }
}

private func place(_ span: SourceSpan) -> String { "line \(span.start.line), column \(span.start.column)" }
