internal import ConfigText

/// What `base` says of the backend below a `fault` device; nil where it says nothing that can be used.
struct BaseSettings {
    let place: Place
    /// Every known key that is there, usable or not: the place of the key.
    var given: [BaseKey: Place] = [:]

    var target: Setting<TargetName>?
    var path: Setting<String>?

    /// A fault over a fault would be one with other numbers.
    static var targets: [TargetName] { TargetName.allCases.filter { $0 != .fault } }
    static var form: String { "base = { target = \"file\", path = \"/…\" }, say" }
}

extension SettingReader {
    /// The table of a backend, inline or with a header of its own.
    func base(_ problems: inout Problems) -> BaseSettings? {
        let place = Place(source: source, span: node.span)
        guard case .table(let table) = node.value else {
            if case .invalid = node.value { return nil }
            problems.error(
                place, "`\(key)` must be a table, not \(node.value.kind)", hint: BaseSettings.form)
            return nil
        }
        var base = BaseSettings(place: place)
        for entry in table.entries where !isLeftToUser(entry.key.name) {
            guard let key = BaseKey(rawValue: entry.key.name) else {
                reportUnknown(entry, &problems)
                continue
            }
            base.given[key] = Place(source: source, span: entry.key.span)
            let reader = SettingReader(source: source, key: key.rawValue, node: entry.node)
            switch key {
            case .target: base.target = reader.baseTarget(&problems)
            case .path: base.path = reader.path(&problems)
            }
        }
        return base
    }

    private func baseTarget(_ problems: inout Problems) -> Setting<TargetName>? {
        if case .string(TargetName.fault.rawValue) = node.value {
            let list = BaseSettings.targets.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            problems.error(
                Place(source: source, span: node.span), "a `fault` device cannot be the base of another",
                hint: "a base is one of \(list)")
            return nil
        }
        return target(among: BaseSettings.targets, &problems)
    }

    private func reportUnknown(_ entry: TOMLTable.Entry, _ problems: inout Problems) {
        var hint: String?
        if DeviceKey(rawValue: entry.key.name) != nil {
            hint = "it is a key of the device itself: put it beside `base`"
        } else if !problems.isFull,
            let near = nearestName(to: entry.key.name, among: BaseKey.allCases.map(\.rawValue))
        {
            hint = "did you mean `\(near)`?"
        }
        problems.error(
            Place(source: source, span: entry.key.span), "unknown key \(cited(entry.key.name)) in `base`",
            hint: hint)
    }
}
