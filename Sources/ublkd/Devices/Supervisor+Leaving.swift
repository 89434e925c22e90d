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
            guard
                let kept = state.record(of: name)?.leaving.flatMap(ConfigurationSource.parse)?.devices.first,
                kept.name == name
            else { continue }
            register(kept)
        }
    }

    /// Goes on with what the earlier ublkd began.
    func stopLeaving() {
        for device in devices.values.filter(isLeaving) {
            guard device.machine.deviceID != nil else {
                forget(device)
                continue
            }
            let isOpen = !users(of: device).isEmpty
            post(.stop(remove: true, force: false, isOpen: isOpen), to: device)
            if isOpen { watchForClose() }
        }
    }
}
