import DevicePolicy
import LinuxSys
import Systemd

/// The service manager's store of descriptors: what would be lost with ublkd is kept there. Without a
/// service manager every call is without effect.
///
/// Never in it: `/dev/ublkcN`, rings, backends. A second holder of those would block recovery.
struct FdStore {
    enum Name: Hashable {
        case control
        case page(String)
        case memory(String)
        /// ublkd's end of the socket to a serving worker.
        case socket(String)

        var text: String {
            switch self {
            case .control: "control"
            case .page(let device): "page.\(device)"
            case .memory(let device): "memory.\(device)"
            case .socket(let device): "socket.\(device)"
            }
        }

        /// Nil for what belongs to no device.
        var device: String? {
            switch self {
            case .control: nil
            case .page(let device), .memory(let device), .socket(let device): device
            }
        }

        init?(_ text: String) {
            if text == "control" {
                self = .control
                return
            }
            let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "page": self = .page(parts[1])
            case "memory": self = .memory(parts[1])
            case "socket": self = .socket(parts[1])
            default: return nil
            }
        }
    }

    private let notify: Notify

    init(_ notify: Notify) { self.notify = notify }

    func keep(_ fd: borrowing Fd, as name: Name) { keep(fd.raw, as: name) }

    func keep(_ raw: Int32, as name: Name) { notify.store(descriptor: raw, name: name.text) }

    /// Drops what is stored under the name first.
    func replace(with raw: Int32, as name: Name) {
        remove(name)
        keep(raw, as: name)
    }

    func remove(_ name: Name) { notify.removeStored(name: name.text) }

    func removeAll(of device: String) {
        for name in [Name.page(device), .memory(device), .socket(device)] { remove(name) }
    }

    /// By name what an earlier ublkd stored, or somebody else: each may be missing, and several may have one name.
    typealias Inherited = [Name: [SharedFd]]

    /// Unknown ones are closed, and dropped from the store.
    func inherited(log: HostLog) -> Inherited {
        var found: Inherited = [:]
        for (text, raw) in Notify.listenDescriptors() {
            let owned = SharedFd(Fd(owning: raw))
            if let name = Name(text) {
                found[name, default: []].append(owned)
            } else {
                log.write(.warning, "an unknown descriptor '\(text)' in the fd store is closed")
                notify.removeStored(name: text)
            }
        }
        return found
    }
}
