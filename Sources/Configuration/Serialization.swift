/// A configuration as one TOML file, for the last good configuration of `/var/lib/ublkd`.
///
/// It says every value in force instead of keeping the sources: a drop-in is a document of its own, and two
/// of them in a row need not be one. `check` reads it back to the same value, on a host with at least as many
/// CPUs, also where a later version has other defaults. Comments and keys left to the user are not kept.
public func serialize(_ configuration: HostConfiguration) -> String {
    let daemon = configuration.daemon
    var text = """
        # The configuration that ublkd used last, all values spelled out. Written by ublkd; not to be edited.

        [daemon]
        worker_user = \(quoted(daemon.workerUser))
        control_timeout = \(quoted(daemon.controlTimeout.description))
        spare_workers = \(daemon.spareWorkers)
        max_recoveries = \(daemon.maxRecoveries)
        start_timeout = \(quoted(daemon.startTimeout.description))
        shutdown_grace = \(quoted(daemon.shutdownGrace.description))
        instance = \(quoted(daemon.instance))

        """
    for device in configuration.devices {
        text += "\n[device.\(quoted(device.name))]\n"
        for key in DeviceKey.allCases where device.knows(key) {
            if let value = value(of: key, in: device) { text += "\(key.rawValue) = \(value)\n" }
        }
    }
    return text
}

extension DeviceConfiguration {
    /// Every key in force with its value as the file would spell it.
    public var spelledOut: [String: String] {
        var texts: [String: String] = [:]
        for key in DeviceKey.allCases where knows(key) {
            texts[key.rawValue] = value(of: key, in: self)
        }
        return texts
    }

    fileprivate func knows(_ key: DeviceKey) -> Bool { key.fits(target: targetName, backend: target.name) }
}

/// The value as TOML; nil where a missing key says it.
private func value(of key: DeviceKey, in device: DeviceConfiguration) -> String? {
    switch key {
    case .target: quoted(device.targetName)
    case .path: path(device.target)
    case .base: base(device.target)
    case .delay: device.faults.map { quoted($0.delay.description) }
    case .errorRate: device.faults.map { String($0.errorRate) }
    case .hangEvery: device.faults.map { String($0.hangEvery) }
    case .id: device.id.map { String($0) }
    case .autostart: String(device.autostart)
    case .size: device.size.map { String($0) }
    case .create: String(device.create)
    case .queues: String(device.queues)
    case .queueDepth: String(device.queueDepth)
    case .blockSize: device.blockSize.map { String($0) }
    case .maxIO: String(device.maxIO)
    case .readOnly: String(device.readOnly)
    case .discard: String(device.discard)
    case .directIO: String(device.directIO)
    case .partitions: String(device.partitions)
    case .owner: quoted(device.owner)
    case .group: quoted(device.group)
    case .mode: quoted(octal(device.mode))
    case .cpus: device.cpus.map { "[\($0.map { quoted(CPUList.format($0)) }.joined(separator: ", "))]" }
    case .ioMode: quoted(device.ioMode.rawValue)
    case .lockMemory: String(device.lockMemory)
    case .recovery: quoted(device.recovery.rawValue)
    case .restartDelay: quoted(device.restartDelay.description)
    case .restartDelayMax: quoted(device.restartDelayMax.description)
    case .restartBurst: String(device.restartBurst)
    case .restartInterval: quoted(device.restartInterval.description)
    case .onGiveUp: quoted(device.onGiveUp.rawValue)
    case .stallTimeout: quoted(device.stallTimeout.description)
    case .requestTimeout: quoted(device.requestTimeout?.description ?? "off")
    }
}

private func path(_ target: TargetConfiguration) -> String? {
    if case .file(let path) = target { quoted(path) } else { nil }
}

private func base(_ target: TargetConfiguration) -> String {
    let path = path(target).map { ", path = \($0)" } ?? ""
    return "{ target = \(quoted(target.name))\(path) }"
}

private func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}

/// A basic string of TOML.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
