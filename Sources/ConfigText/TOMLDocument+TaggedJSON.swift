extension TOMLDocument {
    /// The document in the tagged JSON of the toml-test suite, with a line end: what its decoders print.
    /// Values that did not parse are left out.
    public func taggedJSON() -> [UInt8] {
        var writer = TaggedJSONWriter()
        writer.write(root)
        writer.output.append(Byte.newline)
        return writer.output
    }
}

/// Every scalar becomes `{"type": …, "value": …}` with the value as a string.
private struct TaggedJSONWriter {
    var output: [UInt8] = []

    mutating func write(_ table: TOMLTable) {
        output.append(Byte.openBrace)
        var isFirst = true
        for entry in table.entries {
            if case .invalid = entry.node.value { continue }
            if !isFirst { output.append(Byte.comma) }
            isFirst = false
            string(entry.key.name)
            output.append(Byte.colon)
            write(entry.node.value)
        }
        output.append(Byte.closeBrace)
    }

    private mutating func write(_ value: TOMLValue) {
        switch value {
        case .string(let text): tagged("string", text)
        case .integer(let number): tagged("integer", String(number))
        case .float(let number): tagged("float", number.isNaN ? "nan" : number.description)
        case .boolean(let flag): tagged("bool", flag ? "true" : "false")
        case .offsetDateTime(let time, let offset): tagged("datetime", "\(time)\(offset)")
        case .localDateTime(let time): tagged("datetime-local", time.description)
        case .localDate(let date): tagged("date-local", date.description)
        case .localTime(let time): tagged("time-local", time.description)
        case .table(let table): write(table)
        case .invalid: break
        case .array(let elements):
            output.append(Byte.openBracket)
            var isFirst = true
            for element in elements {
                if case .invalid = element.value { continue }
                if !isFirst { output.append(Byte.comma) }
                isFirst = false
                write(element.value)
            }
            output.append(Byte.closeBracket)
        }
    }

    private mutating func tagged(_ type: StaticString, _ value: String) {
        output.append(contentsOf: "{\"type\":\"\(type)\",\"value\":".utf8)
        string(value)
        output.append(Byte.closeBrace)
    }

    private mutating func string(_ text: String) {
        output.append(Byte.quote)
        for byte in text.utf8 {
            switch byte {
            case Byte.quote, Byte.backslash:
                output.append(Byte.backslash)
                output.append(byte)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                if byte < 0x10 { output.append(Byte.zero) }
                output.append(contentsOf: String(byte, radix: 16).utf8)
            default: output.append(byte)
            }
        }
        output.append(Byte.quote)
    }
}
