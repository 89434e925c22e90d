import Configuration
import DevicePolicy
import LinuxSys

// Devices that left the configuration and are still there: in use, or a ublkd died while it removed them. Their records
// keep what they were configured as, so that they are supervised until they are gone.
extension Supervisor {
    func isLeaving(_ device: Device) -> Bool {
        !configuration.devices.contains { $0.name == device.name }
    }

    /// The devices of the configuration, and those that an earlier ublkd was about to remove.
    func registerAll() {
        for device in configuration.devices { register(device) }
        for name in state.recorded() where devices[name] == nil {
            guard let record = state.record(of: name), record.isLeaving, let kept = running(record) else {
                continue
            }
            register(kept)
        }
    }

    /// What the disk of a record runs with; nil: it does not say.
    func running(_ record: DeviceRecord) -> DeviceConfiguration? {
        let kept = record.configuration.flatMap(ConfigurationSource.parse)?.devices.first
        return kept?.name == record.name ? kept : nil
    }

    /// Goes on with what the earlier ublkd began.
    func stopLeaving() {
        let leaving = devices.values.filter(isLeaving)
        let users = users(of: leaving)
        for device in leaving {
            guard device.machine.deviceID != nil else {
                forget(device)
                continue
            }
            let isOpen = users[device.name] != nil
            post(.stop(remove: true, force: false, isOpen: isOpen), to: device)
            if isOpen { watchForClose() }
        }
    }
}
