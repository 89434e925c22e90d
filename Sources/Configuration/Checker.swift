internal import ConfigText

/// Walks the trees of all files. `Checker+….swift` hold the devices and the rest.
struct Checker {
    let documents: [TOMLDocument]
    let hostFacts: HostFacts
    var problems: Problems
    var daemon = DaemonSettings()
    var defaults = DeviceSettings()
    var devices: [DeviceConfiguration] = []
    /// Where each name, id and path written to was first taken.
    var names: [String: Place] = [:]
    var ids: [UInt32: (device: String, place: Place)] = [:]
    var servedPaths: [[UInt8]: (device: String, place: Place, readOnly: Bool)] = [:]
    /// Devices whose partitions get names of their own: `data` takes `data-part1`.
    var partitioned: [String: Place] = [:]

    /// Of each document: offsets of the headers that a syntax error follows before the next header.
    let brokenSections: [Set<Int>]

    init(documents: [TOMLDocument], hostFacts: HostFacts) {
        self.documents = documents
        brokenSections = documents.map { Self.brokenSections(of: $0) }
        self.hostFacts = hostFacts
        problems = Problems(documents: documents)
    }

    mutating func run() -> ConfigurationCheck {
        // The defaults first: wherever they stand, they hold for all devices.
        for (source, document) in documents.enumerated() {
            for entry in document.root.entries where !isLeftToUser(entry.key.name) {
                readSection(entry, of: source)
            }
        }
        for (source, document) in documents.enumerated() {
            if let entry = document.root.entry("device") { readDevices(entry, of: source) }
        }
        checkPartitionNames()
        let found = problems.sorted
        guard found.allSatisfy({ $0.severity == .warning }) else { return .invalid(found) }
        return .valid(HostConfiguration(daemon: daemon, devices: devices), warnings: found)
    }

    private static func brokenSections(of document: TOMLDocument) -> Set<Int> {
        guard !document.isValid else { return [] }
        var headers: [Int] = []
        for section in document.root.entries {
            // `[device.a]` makes `device` itself, which has no header of its own then.
            if section.key.name != "device" { headers.append(section.node.span.start.offset) }
            guard case .table(let table) = section.node.value else { continue }
            for entry in table.entries where entry.node.isTable {
                headers.append(entry.node.span.start.offset)
            }
        }
        headers.sort()
        var broken: Set<Int> = []
        for offset in document.diagnostics.compactMap({ $0.position?.offset }) {
            var low = 0
            var high = headers.count
            while low < high {
                let middle = (low + high) / 2
                if headers[middle] <= offset { low = middle + 1 } else { high = middle }
            }
            if low > 0 { broken.insert(headers[low - 1]) }
        }
        return broken
    }

    /// Everything at the top of a file but `[device.*]`.
    private mutating func readSection(_ entry: TOMLTable.Entry, of source: Int) {
        let place = Place(source: source, span: entry.key.span)
        let isDropIn = source > 0
        switch entry.key.name {
        case "device": return
        case "daemon", "defaults":
            guard let table = table(entry, of: source, form: "[\(entry.key.name)]") else { return }
            if isDropIn {
                problems.error(
                    Place(source: source, span: entry.node.span),
                    "`[\(entry.key.name)]` cannot stand in a drop-in, which holds `[device.NAME]` only",
                    hint: "put it into \(documents[0].source.file)")
            } else if entry.key.name == "daemon" {
                readDaemon(table, of: source)
            } else {
                defaults = readSettings(table, of: source, isDefaults: true)
            }
        default:
            let name = entry.key.name
            let hint: String?
            if let near = nearestName(to: name, among: ["daemon", "defaults", "device"]) {
                hint = "did you mean `\(near == "device" ? "device.NAME" : near)`?"
            } else if case .table = entry.node.value {
                hint = "a device is `[device.\(name)]`"
            } else if DeviceKey(rawValue: name) != nil {
                hint = "it belongs into `[device.NAME]`, or into `[defaults]` for all devices"
            } else if DaemonKey(rawValue: name) != nil {
                hint = "it belongs into `[daemon]`"
            } else {
                hint = "the sections are [daemon], [defaults] and [device.NAME]; names with x- are yours"
            }
            problems.error(place, "unknown section \(cited(name))", hint: hint)
        }
    }

    /// The table of an entry that must be one.
    mutating func table(_ entry: TOMLTable.Entry, of source: Int, form: String) -> TOMLTable? {
        switch entry.node.value {
        case .table(let table): return table
        case .invalid: return nil
        case .array(let elements) where elements.contains(where: \.isTable):
            problems.error(
                Place(source: source, span: entry.key.span),
                "\(cited(entry.key.name)) must be a table, not an array of tables",
                hint: "single brackets: \(form)")
            return nil
        default:
            problems.error(
                Place(source: source, span: entry.key.span),
                "\(cited(entry.key.name)) must be a table, not \(entry.node.value.kind)", hint: form)
            return nil
        }
    }

    private mutating func readDaemon(_ table: TOMLTable, of source: Int) {
        for entry in table.entries where !isLeftToUser(entry.key.name) {
            guard let key = DaemonKey(rawValue: entry.key.name) else {
                let isDeviceKey = DeviceKey(rawValue: entry.key.name) != nil
                reportUnknownKey(
                    entry, of: source, in: "[daemon]", known: DaemonKey.allCases.map(\.rawValue),
                    elsewhere: isDeviceKey ? "[defaults] or [device.NAME]" : nil)
                continue
            }
            let reader = SettingReader(source: source, key: key.rawValue, node: entry.node)
            let timeout = Milliseconds.milliseconds(100)...Milliseconds.hour
            switch key {
            case .workerUser: reader.account("user", &problems).map { daemon.workerUser = $0.value }
            case .controlTimeout: reader.duration(timeout, &problems).map { daemon.controlTimeout = $0.value }
            case .spareWorkers: reader.integer(0...64, &problems).map { daemon.spareWorkers = Int($0.value) }
            case .maxRecoveries:
                reader.integer(1...1024, &problems).map { daemon.maxRecoveries = Int($0.value) }
            case .startTimeout: reader.duration(timeout, &problems).map { daemon.startTimeout = $0.value }
            case .shutdownGrace:
                reader.duration(.zero ... .hour, &problems).map { daemon.shutdownGrace = $0.value }
            case .instance:
                guard let setting = reader.string("a name", &problems) else { continue }
                if isName(setting.value) {
                    daemon.instance = setting.value
                } else {
                    problems.error(
                        setting.place, "\(cited(setting.value)) cannot name an instance", hint: nameForm)
                }
            }
        }
    }

    mutating func reportUnknownKey(
        _ entry: TOMLTable.Entry, of source: Int, in section: String, known: [String], elsewhere: String?
    ) {
        var hint = elsewhere.map { "it belongs into \($0)" }
        if hint == nil, !problems.isFull, let near = nearestName(to: entry.key.name, among: known) {
            hint = "did you mean `\(near)`?"
        }
        problems.error(
            Place(source: source, span: entry.key.span),
            "unknown key \(cited(entry.key.name)) in \(section)", hint: hint)
    }
}

/// `x-…` and `_…` belong to whoever writes the file.
func isLeftToUser(_ name: String) -> Bool { name.utf8.starts(with: "x-".utf8) || name.utf8.first == 0x5F }

/// `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`
func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != 0x5F, first != 0x2D, text.utf8.count <= 64 else {
        return false
    }
    return text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }
}

let nameForm = "a name is 1 to 64 letters of ASCII, digits, `_` and `-`, and begins with a letter or a digit"

extension TOMLNode {
    var isTable: Bool {
        if case .table = value { return true }
        return false
    }
}
