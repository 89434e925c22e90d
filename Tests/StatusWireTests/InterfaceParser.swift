/// A reader of Varlink's definition language, strict enough to find a definition that others would refuse.
struct InterfaceParser {
    indirect enum Kind: Equatable {
        case bool, int, float, string, object
        case named(String)
        case array(Kind)
        case map(Kind)
        case optional(Kind)
    }

    typealias Fields = [String: Kind]
    struct Fault: Error { let text: String }

    private(set) var name = ""
    private(set) var types: [String: Fields] = [:]
    private(set) var calls: [String: Fields] = [:]
    private(set) var replies: [String: Fields] = [:]
    private(set) var errors: [String: Fields] = [:]
    private(set) var comments = ""

    private var tokens: ArraySlice<String> = []

    init(_ text: String) throws {
        var all: [String] = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { comments += parts[1] + " " }
            var word = ""
            for character in parts[0] {
                if character.isLetter || character.isNumber || "._-".contains(character) {
                    word.append(character)
                    continue
                }
                if !word.isEmpty { all.append(word) }
                word = ""
                if !character.isWhitespace { all.append(String(character)) }
            }
            if !word.isEmpty { all.append(word) }
        }
        tokens = all[...]
        try expect("interface")
        name = try next()
        while !tokens.isEmpty { try member() }
    }

    private mutating func member() throws {
        let keyword = try next()
        let name = try next()
        guard name.first?.isUppercase == true, name.allSatisfy({ $0.isLetter || $0.isNumber }) else {
            throw Fault(text: "'\(name)' is no name of a member")
        }
        let known = types[name] ?? calls[name] ?? errors[name]
        guard known == nil else { throw Fault(text: "\(name) is defined twice") }
        switch keyword {
        case "type": types[name] = try fields()
        case "error": errors[name] = try fields()
        case "method":
            calls[name] = try fields()
            try expect("-")
            try expect(">")
            replies[name] = try fields()
        default: throw Fault(text: "'\(keyword)' begins no member")
        }
    }

    private mutating func fields() throws -> Fields {
        try expect("(")
        var found: Fields = [:]
        if tokens.first == ")" {
            tokens.removeFirst()
            return found
        }
        while true {
            let name = try next()
            guard name.first?.isLetter == true, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }),
                found[name] == nil
            else { throw Fault(text: "'\(name)' is no name of a field, or there twice") }
            try expect(":")
            found[name] = try kind()
            if try next() == ")" { return found }
        }
    }

    private mutating func kind() throws -> Kind {
        let token = try next()
        switch token {
        case "?": return .optional(try kind())
        case "[":
            let inner = try next()
            if inner == "]" { return .array(try kind()) }
            guard inner == "string" else { throw Fault(text: "a map of '\(inner)'") }
            try expect("]")
            return .map(try kind())
        case "bool": return .bool
        case "int": return .int
        case "float": return .float
        case "string": return .string
        case "object": return .object
        default:
            guard token.first?.isUppercase == true else { throw Fault(text: "'\(token)' is no type") }
            return .named(token)
        }
    }

    private mutating func next() throws -> String {
        // "->" comes in two parts, because a hyphen is a letter of interface names.
        guard let token = tokens.popFirst() else { throw Fault(text: "the text ends too early") }
        return token
    }

    private mutating func expect(_ token: String) throws {
        let found = try next()
        guard found == token else { throw Fault(text: "'\(found)' instead of '\(token)'") }
    }
}
