internal import ConfigText

/// What one `[device.NAME]` or `[defaults]` says; nil where it says nothing, or nothing that can be used.
struct DeviceSettings {
    /// Every known key that is there, usable or not: the place of the key.
    var given: [DeviceKey: Place] = [:]

    var target: Setting<TargetName>?
    var path: Setting<String>?
    var base: BaseSettings?
    var delay: Setting<Milliseconds>?
    var errorRate: Setting<Double>?
    var hangEvery: Setting<Int64>?
    var id: Setting<Int64>?
    var autostart: Setting<Bool>?
    var size: Setting<UInt64>?
    var create: Setting<Bool>?
    var queues: Setting<Int64>?
    var queueDepth: Setting<Int64>?
    var blockSize: Setting<UInt64>?
    var maxIO: Setting<UInt64>?
    var readOnly: Setting<Bool>?
    var discard: Setting<Bool>?
    var directIO: Setting<Bool>?
    var partitions: Setting<Bool>?
    var owner: Setting<String>?
    var group: Setting<String>?
    var mode: Setting<UInt32>?
    var cpus: Setting<[[Int]]>?
    var ioMode: Setting<IOMode>?
    var lockMemory: Setting<Bool>?
    var recovery: Setting<RecoveryMode>?
    var restartDelay: Setting<Milliseconds>?
    var restartDelayMax: Setting<Milliseconds>?
    var restartBurst: Setting<Int64>?
    var restartInterval: Setting<Milliseconds>?
    var onGiveUp: Setting<OnGiveUp>?
    var stallTimeout: Setting<Milliseconds>?
    var requestTimeout: Setting<Milliseconds?>?

    /// Takes the value of a key.
    mutating func read(_ key: DeviceKey, _ reader: SettingReader, _ problems: inout Problems) {
        switch key {
        case .target: target = reader.target(&problems)
        case .path: path = reader.path(&problems)
        case .base: base = reader.base(&problems)
        case .delay: delay = reader.duration(.zero ... .hour, &problems)
        case .errorRate: errorRate = reader.share(&problems)
        case .hangEvery: hangEvery = reader.integer(0...1_000_000_000, &problems)
        case .id: id = reader.integer(0...(1 << 20 - 1), &problems)
        case .autostart: autostart = reader.boolean(&problems)
        case .size: size = reader.size(512...UInt64(Int64.max), &problems)
        case .create: create = reader.boolean(&problems)
        case .queues: queues = reader.integer(1...64, &problems)
        case .queueDepth: queueDepth = reader.integer(1...4096, &problems)
        case .blockSize: blockSize = reader.blockSize(&problems)
        case .maxIO: maxIO = reader.maxIO(&problems)
        case .readOnly: readOnly = reader.boolean(&problems)
        case .discard: discard = reader.boolean(&problems)
        case .directIO: directIO = reader.boolean(&problems)
        case .partitions: partitions = reader.boolean(&problems)
        case .owner: owner = reader.account("user", &problems)
        case .group: group = reader.account("group", &problems)
        case .mode: mode = reader.fileMode(&problems)
        case .cpus: cpus = reader.cpuLists(&problems)
        case .ioMode: ioMode = reader.choice(IOMode.self, &problems)
        case .lockMemory: lockMemory = reader.boolean(&problems)
        case .recovery: recovery = reader.choice(RecoveryMode.self, &problems)
        case .restartDelay: restartDelay = reader.duration(.zero ... .hour, &problems)
        case .restartDelayMax: restartDelayMax = reader.duration(.zero ... .hour, &problems)
        case .restartBurst: restartBurst = reader.integer(0...1000, &problems)
        case .restartInterval: restartInterval = reader.duration(.seconds(1) ... .day, &problems)
        case .onGiveUp: onGiveUp = reader.choice(OnGiveUp.self, &problems)
        case .stallTimeout: stallTimeout = reader.duration(.milliseconds(100) ... .hour, &problems)
        case .requestTimeout:
            requestTimeout = reader.durationOrOff(.milliseconds(100) ... .day, &problems)
        }
    }
}

/// What `target` can be in this version.
enum TargetName: String, CaseIterable {
    case null
    case memory
    case file
    case fault

    /// Named by the documentation, for a later version.
    static var later: [String] { ["nbd", "linear", "stripe"] }
}

extension Milliseconds {
    static var hour: Self { .seconds(3600) }
    static var day: Self { .seconds(24 * 3600) }
}

extension SettingReader {
    private var place: Place { Place(source: source, span: node.span) }

    /// `targets`: those that can stand here.
    func target(
        among targets: [TargetName] = TargetName.allCases, _ problems: inout Problems
    ) -> Setting<TargetName>? {
        let known = targets.map(\.rawValue)
        let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
        guard let setting = string("the name of a target", &problems) else { return nil }
        if let target = targets.first(where: { $0.rawValue == setting.value }) {
            return Setting(value: target, place: place)
        }
        let hint: String
        if TargetName.later.contains(setting.value) {
            hint = "it is not in this version of ublkd, which has \(list)"
        } else if let near = nearestName(to: setting.value, among: known) {
            hint = "did you mean \"\(near)\"? Targets are \(list)"
        } else {
            hint = "targets are \(list)"
        }
        problems.error(place, "unknown target \(cited(setting.value))", hint: hint)
        return nil
    }

    fileprivate func blockSize(_ problems: inout Problems) -> Setting<UInt64>? {
        guard let setting = size(512...4096, &problems) else { return nil }
        guard setting.value.nonzeroBitCount == 1 else {
            problems.error(place, "`\(key)` must be 512, 1024, 2048 or 4096, not \(setting.value)")
            return nil
        }
        return setting
    }

    fileprivate func maxIO(_ problems: inout Problems) -> Setting<UInt64>? {
        guard let setting = size(4 << 10...32 << 20, &problems) else { return nil }
        guard setting.value.isMultiple(of: 4096) else {
            problems.error(place, "`\(key)` must be a multiple of 4KiB, not \(setting.value) bytes")
            return nil
        }
        return setting
    }

    fileprivate func cpuLists(_ problems: inout Problems) -> Setting<[[Int]]>? {
        let form = "one CPU list a queue: [\"0-1\", \"2,3\"]"
        guard case .array(let elements) = node.value else {
            if case .invalid = node.value { return nil }
            problems.error(place, "`\(key)` must be an array, not \(node.value.kind)", hint: form)
            return nil
        }
        var lists: [[Int]] = []
        var isSound = true
        for element in elements {
            switch element.value {
            case .string(let text):
                if let cpus = CPUList.parse(text) {
                    lists.append(cpus)
                    continue
                }
                problems.error(
                    Place(source: source, span: element.span), "\(cited(text)) is not a CPU list", hint: form)
            case .invalid: break
            default:
                problems.error(
                    Place(source: source, span: element.span),
                    "a CPU list must be a string, not \(element.value.kind)", hint: form)
            }
            isSound = false
        }
        return isSound ? Setting(value: lists, place: place) : nil
    }
}
