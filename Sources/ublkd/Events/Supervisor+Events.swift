import DevicePolicy
import StatusWire

extension Supervisor {
    /// Keeps what one step of a device's policy is worth; `deliver` tells it.
    func noteStep(of device: Device, _ happening: DeviceEvent, _ effects: [DeviceEffect]) {
        var recovery: RecoveryRecord?
        if case .recovering(let recovering) = device.machine.phase { recovery = recovering.record }
        let drafts = EventDraft.derived(
            from: happening, effects: effects, before: device.visible, after: device.machine.visible,
            recovery: recovery)
        for draft in drafts {
            eventLog.append(draft, device: device.name, at: .now)
            unwritten.append((draft, device.name, device.machine.deviceID))
        }
    }

    /// Keeps and tells what did not come from a device's policy. `device`: nil for ublkd itself.
    func note(_ kind: EventRecord.Kind, _ message: String, device: String? = nil) {
        let draft = EventDraft(kind, message)
        eventLog.append(draft, device: device, at: .now)
        log.write(draft, device: device, id: nil)
        eventLog.deliver()
    }

    func noteReload(_ outcomes: [ReloadOutcome]) {
        let changes = outcomes.map { "\($0.name) \($0.changeClass.rawValue) \($0.outcome.rawValue)" }
        note(.reload, changes.isEmpty ? "nothing differs" : changes.joined(separator: ", "))
    }

    func noteInvalidConfiguration() {
        let count = configProblems.count { $0.severity == .error }
        note(
            .configInvalid,
            "the configuration has \(count) \(count == 1 ? "error" : "errors") and is not applied")
    }
}
