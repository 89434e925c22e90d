internal import ConfigText

extension Checker {
    /// All of `[device.*]` in one file.
    mutating func readDevices(_ entry: TOMLTable.Entry, of source: Int) {
        guard let table = table(entry, of: source, form: "[device.NAME]") else { return }
        for entry in table.entries {
            let name = entry.key.name
            let place = Place(source: source, span: entry.key.span)
            if isLeftToUser(name) {
                if case .table(let settings) = entry.node.value, settings.entry("target") != nil {
                    problems.warning(
                        place, "no device is made of \(cited(name)): names that begin with x- or _ are yours")
                }
                continue
            }
            guard isName(name) else {
                problems.error(place, "\(cited(name)) cannot name a device", hint: nameForm)
                continue
            }
            if !entry.node.isTable, DeviceKey(rawValue: name) != nil {
                if case .invalid = entry.node.value { continue }
                problems.error(
                    place, "`\(name)` stands in [device] itself, not in a device",
                    hint: "put it into `[device.NAME]`, or into `[defaults]` for all devices")
                continue
            }
            guard let settings = self.table(entry, of: source, form: "[device.\(name)]") else { continue }
            let own = readSettings(settings, of: source, isDefaults: false)
            if let first = names[name] {
                problems.error(
                    Place(source: source, span: entry.node.span), "device `\(name)` is defined twice",
                    hint: "the first one is at \(problems.describe(first))")
                continue
            }
            names[name] = place
            let header = Place(source: source, span: entry.node.span)
            devices.append(device(name, own, header: header))
        }
    }

    /// Reads the keys of a device or of `[defaults]`.
    mutating func readSettings(_ table: TOMLTable, of source: Int, isDefaults: Bool) -> DeviceSettings {
        var settings = DeviceSettings()
        for entry in table.entries where !isLeftToUser(entry.key.name) {
            let key = DeviceKey(rawValue: entry.key.name)
            guard let key, !(isDefaults && key.namesOneDevice) else {
                if let key {
                    problems.error(
                        Place(source: source, span: entry.key.span),
                        "`\(key.rawValue)` names one device and cannot stand in [defaults]")
                } else {
                    let known = DeviceKey.allCases.filter { !(isDefaults && $0.namesOneDevice) }
                    let isDaemonKey = DaemonKey(rawValue: entry.key.name) != nil
                    reportUnknownKey(
                        entry, of: source, in: isDefaults ? "[defaults]" : "a device",
                        known: known.map(\.rawValue), elsewhere: isDaemonKey ? "[daemon]" : nil)
                }
                continue
            }
            settings.given[key] = Place(source: source, span: entry.key.span)
            settings.read(
                key, SettingReader(source: source, key: key.rawValue, node: entry.node), &problems)
        }
        return settings
    }

    /// One device with every value in force, and all that its values have to agree on.
    private mutating func device(
        _ name: String, _ own: DeviceSettings, header: Place
    ) -> DeviceConfiguration {
        var device = DeviceConfiguration(name: name, target: .null)
        let target = checkTarget(name, own, header: header)
        let backend = target == .fault ? own.base?.target?.value : target
        func isKnown(_ key: DeviceKey) -> Bool {
            guard let target else { return true }
            return key.fits(target: target.rawValue, backend: backend?.rawValue)
        }
        switch backend {
        case .null, .fault, nil: device.target = .null
        case .memory: device.target = .memory
        case .file: device.target = .file(path: backendPath(own, target)?.value ?? "")
        }
        if target == .fault { device.faults = faults(own) }
        device.id = own.id.map { UInt32($0.value) }
        let size = own.given[.size] != nil ? own.size : defaults.size
        device.size = size?.value
        if isKnown(.create) { device.create = checkCreate(own) }
        if isKnown(.directIO) { (own.directIO ?? defaults.directIO).map { device.directIO = $0.value } }

        (own.autostart ?? defaults.autostart).map { device.autostart = $0.value }
        (own.queueDepth ?? defaults.queueDepth).map { device.queueDepth = Int($0.value) }
        (own.blockSize ?? defaults.blockSize).map { device.blockSize = UInt32($0.value) }
        (own.maxIO ?? defaults.maxIO).map { device.maxIO = UInt32($0.value) }
        (own.readOnly ?? defaults.readOnly).map { device.readOnly = $0.value }
        (own.discard ?? defaults.discard).map { device.discard = $0.value }
        (own.partitions ?? defaults.partitions).map { device.partitions = $0.value }
        (own.owner ?? defaults.owner).map { device.owner = $0.value }
        (own.group ?? defaults.group).map { device.group = $0.value }
        (own.mode ?? defaults.mode).map { device.mode = $0.value }
        (own.ioMode ?? defaults.ioMode).map { device.ioMode = $0.value }
        (own.lockMemory ?? defaults.lockMemory).map { device.lockMemory = $0.value }
        (own.recovery ?? defaults.recovery).map { device.recovery = $0.value }
        (own.restartBurst ?? defaults.restartBurst).map { device.restartBurst = Int($0.value) }
        (own.restartInterval ?? defaults.restartInterval).map { device.restartInterval = $0.value }
        (own.onGiveUp ?? defaults.onGiveUp).map { device.onGiveUp = $0.value }
        (own.stallTimeout ?? defaults.stallTimeout).map { device.stallTimeout = $0.value }
        (own.requestTimeout ?? defaults.requestTimeout).map { device.requestTimeout = $0.value }

        checkSize(size, device)
        checkQueues(own, &device)
        checkDelays(own, &device)
        checkUnique(own, target, device)
        if device.partitions { partitioned[name] = header }
        return device
    }

    // MARK: What the values of a device have to agree on

    private mutating func checkCreate(_ own: DeviceSettings) -> Bool {
        guard let create = own.create ?? defaults.create, create.value else { return false }
        if own.given[.size] != nil || defaults.given[.size] != nil { return true }
        // As a default it speaks of the devices that have a size.
        if let place = own.given[.create] {
            problems.error(
                place, "`create` needs a `size`", hint: "the size the file is to have: size = \"10GiB\", say")
        }
        return false
    }

    private mutating func checkSize(_ size: Setting<UInt64>?, _ device: DeviceConfiguration) {
        guard let size else { return }
        let block = UInt64(device.blockSize ?? 512)
        if !size.value.isMultiple(of: block) {
            problems.error(
                size.place, "`size` must be a multiple of the block size, \(block) bytes, not \(size.value)",
                hint: "the next one is \((size.value / block + 1) * block)")
        }
    }

    private mutating func checkQueues(_ own: DeviceSettings, _ device: inout DeviceConfiguration) {
        let queues = own.given[.queues] != nil ? own.queues : defaults.queues
        let asked = Int(queues?.value ?? 1)
        device.queues = min(asked, hostFacts.cpuCount)
        if let queues, device.queues < asked {
            problems.warning(
                queues.place,
                "\(asked) queues are more than this host's CPUs: \(device.queues) will be used")
        }
        guard let cpus = own.given[.cpus] != nil ? own.cpus : defaults.cpus else { return }
        let isCountKnown = queues != nil || (own.given[.queues] ?? defaults.given[.queues]) == nil
        if isCountKnown, cpus.value.count != asked {
            problems.error(
                cpus.place, "`cpus` has \(cpus.value.count) lists for \(asked) queue\(asked == 1 ? "" : "s")",
                hint: "one list a queue")
        }
        device.cpus = Array(cpus.value.prefix(device.queues))
    }

    private mutating func checkDelays(_ own: DeviceSettings, _ device: inout DeviceConfiguration) {
        let delay = own.restartDelay ?? defaults.restartDelay
        let longest = own.restartDelayMax ?? defaults.restartDelayMax
        delay.map { device.restartDelay = $0.value }
        longest.map { device.restartDelayMax = $0.value }
        guard device.restartDelay > device.restartDelayMax else { return }
        // The device's own word is the one to change.
        if let place = (own.restartDelay ?? own.restartDelayMax ?? delay ?? longest)?.place {
            problems.error(
                place,
                "`restart_delay` (\(device.restartDelay)) is longer than `restart_delay_max` "
                    + "(\(device.restartDelayMax))")
        }
    }

    /// Ids, and paths that are written to.
    private mutating func checkUnique(
        _ own: DeviceSettings, _ target: TargetName?, _ device: DeviceConfiguration
    ) {
        if let id = own.id, let number = device.id {
            if let first = ids[number] {
                problems.error(
                    id.place, "id \(number) is taken by device `\(first.device)`",
                    hint: "it is given at \(problems.describe(first.place))")
            } else {
                ids[number] = (device.name, id.place)
            }
        }
        guard case .file = device.target, let path = backendPath(own, target) else { return }
        let key = cleaned(path.value)
        guard let first = servedPaths[key] else {
            servedPaths[key] = (device.name, path.place, device.readOnly)
            return
        }
        // Whoever writes has it alone: its lock keeps readers out as well.
        guard !first.readOnly || !device.readOnly else { return }
        let how = first.readOnly ? "served" : "opened for writing"
        problems.error(
            path.place, "this path is \(how) by device `\(first.device)` already",
            hint: "it is given at \(problems.describe(first.place)); devices share one if all are read_only")
    }

    /// The same path without doubled slashes and `.`: links and `..` are for those who open it.
    private func cleaned(_ path: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in Array(path.utf8).split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            bytes.append(0x2F)
            bytes.append(contentsOf: part)
        }
        return bytes
    }

    /// `/dev/ublk/by-name/data-part1` is the first partition of `data`, so nothing else can be called so.
    mutating func checkPartitionNames() {
        for device in devices {
            guard let place = names[device.name], let range = lastPart(of: device.name) else { continue }
            let parent = String(device.name[..<range])
            guard let other = partitioned[parent] else { continue }
            problems.error(
                place, "the name `\(device.name)` is that of a partition of device `\(parent)`",
                hint: "\(parent) has partitions, see \(problems.describe(other))")
        }
    }

    private func lastPart(of name: String) -> String.Index? {
        let digits = name.utf8.reversed().prefix { $0 >= 0x30 && $0 <= 0x39 }.count
        let stem = name.utf8.dropLast(digits)
        guard digits > 0, stem.count > 5, stem.suffix(5).elementsEqual("-part".utf8) else { return nil }
        return stem.dropLast(5).endIndex
    }
}
