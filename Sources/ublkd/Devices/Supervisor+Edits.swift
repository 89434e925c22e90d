import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import StatusWire

// The configuration may have been edited while no ublkd ran. A disk that exists goes on with what it was made with; the
// edit is applied afterwards, as a reload would.
extension Supervisor {
    /// What the disk runs with: as it was recorded, and in whatever the kernel tells, as that tells.
    func running(
        _ device: Device, _ info: DeviceInfo, _ record: DeviceRecord?
    ) -> DeviceConfiguration {
        var running = device.configuration
        if let kept = record?.configuration, kept != device.serialized(device.configuration) {
            running = record.flatMap(running(_:)) ?? running
        }
        running.queues = Int(info.queues)
        if Int(info.queueDepth) != traits.tags(forQueueDepth: running.queueDepth) {
            running.queueDepth = Int(info.queueDepth) - (traits.needsSpareTag ? 1 : 0)
        }
        running.maxIO = info.maxIO
        running.recovery = info.flags.recovery
        // Less than a sector is no difference of disks.
        if record?.configuration == nil, let size = running.size, let disk = knownFacts(of: info),
            size & ~511 != disk.size
        {
            running.size = disk.size
        }
        return running
    }

    /// As a reload would: at once, by a fresh worker, or not before it is asked for.
    func applyEdits(to device: Device) {
        guard let wanted = configuration.devices.first(where: { $0.name == device.name }) else { return }
        for step in changes(of: device, to: wanted, recreate: false, leadsToSameBackend: false) {
            log.write(
                step.outcome.outcome == .pending ? .warning : .notice,
                "edited while no ublkd ran: \(step.outcome.changeClass.rawValue), \(step.outcome.outcome.rawValue) \(step.outcome.reason)",
                device: device.name)
            step.perform()
        }
    }

    /// Without a record, what the kernel knows of the disk: enough to refuse a smaller backend.
    func knownFacts(of info: DeviceInfo) -> BackendFacts? {
        let disk = "ublkb\(info.id)"
        guard let sectors = Sysfs.diskSectors(ofDisk: disk) else { return nil }
        return BackendFacts(size: sectors &* 512, logicalBlock: Sysfs.logicalBlock(ofDisk: disk) ?? 512)
    }
}

extension DeviceFlags {
    /// What becomes of the disk when its worker dies, as it was asked for with ADD_DEV.
    fileprivate var recovery: RecoveryMode {
        if contains(.userRecoveryReissue) { return .reissue }
        if contains(.userRecoveryFailIO) { return .failIO }
        return contains(.userRecovery) ? .failInflight : .none
    }
}
