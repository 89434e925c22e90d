internal import ConfigText

/// A value of the configuration and where it was given.
struct Setting<Value> {
    let value: Value
    let place: Place
}

extension Setting: Sendable where Value: Sendable {}

/// Turns nodes of the tree into typed values. Each reader returns nil after having reported why, or in
/// silence where the text did not parse and has been reported already.
struct SettingReader {
    let source: Int
    let key: String
    let node: TOMLNode

    private var place: Place { Place(source: source, span: node.span) }

    private func wrongType(_ expected: String, _ problems: inout Problems, hint: String? = nil) {
        if case .invalid = node.value { return }
        problems.error(place, "`\(key)` must be \(expected), not \(node.value.kind)", hint: hint)
    }

    func boolean(_ problems: inout Problems) -> Setting<Bool>? {
        if case .boolean(let flag) = node.value { return Setting(value: flag, place: place) }
        var hint: String?
        if case .string(let text) = node.value, text == "true" || text == "false" {
            hint = "without quotes: \(key) = \(text)"
        }
        wrongType("true or false", &problems, hint: hint)
        return nil
    }

    func integer(_ range: ClosedRange<Int64>, _ problems: inout Problems) -> Setting<Int64>? {
        guard case .integer(let number) = node.value else {
            var hint: String?
            if case .string(let text) = node.value, Int64(text) != nil {
                hint = "without quotes: \(key) = \(text)"
            }
            wrongType("an integer from \(range.lowerBound) to \(range.upperBound)", &problems, hint: hint)
            return nil
        }
        guard range.contains(number) else {
            problems.error(
                place, "`\(key)` must be from \(range.lowerBound) to \(range.upperBound), not \(number)")
            return nil
        }
        return Setting(value: number, place: place)
    }

    /// A part of the whole: a float, or one of the integers 0 and 1.
    func share(_ problems: inout Problems) -> Setting<Double>? {
        let (value, text): (Double, String)
        switch node.value {
        case .float(let number): (value, text) = (number, "\(number)")
        case .integer(let number): (value, text) = (Double(number), "\(number)")
        default:
            var hint: String?
            if case .string(let text) = node.value, Double(text) != nil {
                hint = "without quotes: \(key) = \(text)"
            }
            wrongType("a number from 0 to 1", &problems, hint: hint)
            return nil
        }
        guard (0.0...1.0).contains(value) else {
            problems.error(place, "`\(key)` must be from 0 to 1, not \(text)")
            return nil
        }
        return Setting(value: value, place: place)
    }

    /// Bytes: an integer, or a string with a unit.
    func size(_ range: ClosedRange<UInt64>, _ problems: inout Problems) -> Setting<UInt64>? {
        let bytes: UInt64
        switch node.value {
        case .integer(let number) where number >= 0: bytes = UInt64(number)
        case .integer(let number):
            problems.error(place, "`\(key)` must not be negative: \(number)")
            return nil
        case .string(let text):
            guard let parsed = ByteSize.parse(text) else {
                problems.error(
                    place, "\(cited(text)) is not a size",
                    hint: "a size is a number of bytes, or a string like \"512KiB\", \"10GiB\" (K, M, G, T)")
                return nil
            }
            bytes = parsed
        default:
            wrongType("a size", &problems, hint: "a number of bytes, or a string like \"10GiB\"")
            return nil
        }
        guard range.contains(bytes) else {
            let most =
                range.upperBound >= UInt64(Int64.max)
                ? "at least \(ByteSize.format(range.lowerBound))"
                : "from \(ByteSize.format(range.lowerBound)) to \(ByteSize.format(range.upperBound))"
            problems.error(place, "`\(key)` must be \(most), not \(ByteSize.format(bytes))")
            return nil
        }
        return Setting(value: bytes, place: place)
    }

    func duration(
        _ range: ClosedRange<Milliseconds>, _ problems: inout Problems
    ) -> Setting<Milliseconds>? {
        guard let setting = durationOrOff(range, allowsOff: false, &problems), let value = setting.value
        else { return nil }
        return Setting(value: value, place: setting.place)
    }

    /// `"off"` is a nil value.
    func durationOrOff(
        _ range: ClosedRange<Milliseconds>, allowsOff: Bool = true, _ problems: inout Problems
    ) -> Setting<Milliseconds?>? {
        let off = allowsOff ? ", or \"off\"" : ""
        let form = "a string like \"250ms\", \"10s\", \"5min\"\(off)"
        guard case .string(let text) = node.value else {
            var hint = form
            if case .integer(let number) = node.value, number >= 0 { hint = "with its unit: \"\(number)s\"" }
            wrongType("a duration", &problems, hint: hint)
            return nil
        }
        if text == "off" {
            if allowsOff { return Setting(value: nil, place: place) }
            problems.error(place, "`\(key)` cannot be off", hint: "a duration is \(form)")
            return nil
        }
        guard let value = Milliseconds(parsing: text) else {
            problems.error(place, "\(cited(text)) is not a duration", hint: "a duration is \(form)")
            return nil
        }
        guard range.contains(value) else {
            problems.error(
                place, "`\(key)` must be from \(range.lowerBound) to \(range.upperBound)\(off), not \(value)")
            return nil
        }
        return Setting(value: value, place: place)
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ type: Choice.Type, _ problems: inout Problems
    ) -> Setting<Choice>? {
        let known = Choice.allCases.map(\.rawValue)
        let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
        guard case .string(let text) = node.value else {
            wrongType("one of \(list)", &problems)
            return nil
        }
        guard let choice = Choice(rawValue: text) else {
            let near = nearestName(to: text, among: known).map { "did you mean \"\($0)\"? " } ?? ""
            problems.error(place, "`\(key)` cannot be \(cited(text))", hint: "\(near)It is one of \(list)")
            return nil
        }
        return Setting(value: choice, place: place)
    }

    func string(_ what: String, _ problems: inout Problems) -> Setting<String>? {
        guard case .string(let text) = node.value else {
            wrongType(what, &problems)
            return nil
        }
        return Setting(value: text, place: place)
    }

    /// A user or group: what the system's name service takes, or a number.
    func account(_ what: String, _ problems: inout Problems) -> Setting<String>? {
        guard let setting = string("the name of a \(what)", &problems) else { return nil }
        let bytes = Array(setting.value.utf8)
        let isSound =
            !bytes.isEmpty && bytes.count <= 255 && bytes.first != 0x2D
            && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2F && $0 != 0x3A }
        guard isSound else {
            problems.error(place, "\(cited(setting.value)) cannot be the name of a \(what)")
            return nil
        }
        return setting
    }

    /// `"0660"`.
    func fileMode(_ problems: inout Problems) -> Setting<UInt32>? {
        let form = "octal digits in quotes, like \"0660\""
        guard let setting = string("a string of octal digits", &problems) else { return nil }
        guard (3...4).contains(setting.value.utf8.count),
            setting.value.utf8.allSatisfy({ $0 & 0xF8 == 0x30 }),
            let mode = UInt32(setting.value, radix: 8), mode <= 0o777
        else {
            problems.error(
                place, "\(cited(setting.value)) is not the mode of a device node", hint: "it is \(form)")
            return nil
        }
        return Setting(value: mode, place: place)
    }

    /// An absolute path, byte for byte.
    func path(_ problems: inout Problems) -> Setting<String>? {
        guard let setting = string("a path", &problems) else { return nil }
        let bytes = setting.value.utf8
        guard bytes.first == 0x2F else {
            problems.error(
                place, "`\(key)` must be an absolute path", hint: "one that begins with `/`")
            return nil
        }
        guard bytes.count < 4096, !bytes.contains(0) else {
            problems.error(
                place, "`\(key)` cannot be the path of a file",
                hint: "a path has no NUL in it and is shorter than 4096 bytes")
            return nil
        }
        return setting
    }
}
