internal import ConfigText

// The target of a device, the backend below it, and the keys that go with both.
extension Checker {
    /// The target, the keys it needs and those it does not know.
    mutating func checkTarget(
        _ name: String, _ own: DeviceSettings, header: Place
    ) -> TargetName? {
        let isGiven = own.given[.target] != nil || defaults.given[.target] != nil
        // What seems to be missing may be what could not be read.
        let isWhole = !brokenSections[header.source].contains(header.span.start.offset)
        if !isGiven && isWhole {
            problems.error(
                header, "device `\(name)` has no `target`",
                hint: "add target = \"null\", \"memory\" or \"file\"")
        }
        guard let target = own.given[.target] != nil ? own.target?.value : defaults.target?.value else {
            return nil
        }
        let backend = target == .fault ? checkBase(name, own, header: isWhole ? header : nil) : target
        checkFit(own, target: target, backend: backend)
        guard isWhole, let backend else { return target }
        if target == .file, own.given[.path] == nil {
            problems.error(
                header, "device `\(name)` has no `path`, which the target \"file\" needs",
                hint: "add path = \"/…\"")
        }
        if backend != .file, own.given[.size] == nil, defaults.given[.size] == nil {
            let which = target == .fault ? "base" : "target"
            problems.error(
                header, "device `\(name)` has no `size`, which the \(which) \"\(backend.rawValue)\" needs",
                hint: "add size = \"1GiB\", say")
        }
        return target
    }

    /// Keys that neither the target nor, where they speak of it, its backend knows. `backend` nil: not known.
    private mutating func checkFit(_ own: DeviceSettings, target: TargetName, backend: TargetName?) {
        for key in DeviceKey.allCases {
            guard let place = own.given[key], let targets = key.targets,
                !key.fits(target: target.rawValue, backend: backend?.rawValue)
            else { continue }
            var misfit = "target \"\(target.rawValue)\""
            var hint = "it is a key of \(targets.map { "\"\($0)\"" }.joined(separator: ", "))"
            if target == .fault, key.isOfBackend, let backend { misfit = "base \"\(backend.rawValue)\"" }
            if target == .fault, key == .path { hint = "it belongs into its base: \(BaseSettings.form)" }
            problems.error(place, "`\(key.rawValue)` does not fit the \(misfit)", hint: hint)
        }
    }

    /// The target of the base of a `fault` device, nil if it has none that can be used. `header` nil: what
    /// seems to be missing may be what could not be read.
    private mutating func checkBase(_ name: String, _ own: DeviceSettings, header: Place?) -> TargetName? {
        guard let base = own.base else {
            if let header, own.given[.base] == nil {
                problems.error(
                    header, "device `\(name)` has no `base`, which the target \"fault\" needs",
                    hint: "add \(BaseSettings.form)")
            }
            return nil
        }
        if header != nil, base.given[.target] == nil {
            problems.error(
                base.place, "`base` has no `target`", hint: "add target = \"null\", \"memory\" or \"file\"")
        }
        guard let target = base.target?.value else { return nil }
        if header != nil, target == .file, base.given[.path] == nil {
            problems.error(
                base.place, "`base` has no `path`, which the target \"file\" needs", hint: "add path = \"/…\""
            )
        }
        if target != .file, let path = base.given[.path] {
            problems.error(
                path, "`path` does not fit the base \"\(target.rawValue)\"",
                hint: "it is a key of \"file\"")
        }
        return target
    }

    /// Where the backend's path was given.
    func backendPath(_ own: DeviceSettings, _ target: TargetName?) -> Setting<String>? {
        target == .fault ? own.base?.path : own.path
    }

    func faults(_ own: DeviceSettings) -> FaultConfiguration {
        FaultConfiguration(
            delay: (own.delay ?? defaults.delay)?.value ?? .zero,
            errorRate: (own.errorRate ?? defaults.errorRate)?.value ?? 0,
            hangEvery: UInt32((own.hangEvery ?? defaults.hangEvery)?.value ?? 0))
    }
}
