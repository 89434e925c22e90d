internal import StatusWire

/// Why a command did not do what was asked of it: one sentence for a person, one word for a script.
struct Failure: Error, Equatable {
    enum Kind: String, CaseIterable {
        case failed
        case usage
        case notRunning = "not-running"
        case noSuchDevice = "no-such-device"
        case busy
        case notPermitted = "not-permitted"
        case configuration
        case timeout

        var exitStatus: Int32 {
            switch self {
            case .failed: 1
            case .usage: 2
            case .notRunning: 3
            case .noSuchDevice: 4
            case .busy: 5
            case .notPermitted: 77
            case .configuration: 78
            case .timeout: 124
            }
        }
    }

    var kind: Kind
    /// What failed, on which device, why, and what to do about it.
    var message: String
    var device: String?
    var holders: [Holder]
    var problems: [Problem]

    init(
        _ kind: Kind, _ message: String, device: String? = nil, holders: [Holder] = [],
        problems: [Problem] = []
    ) {
        self.kind = kind
        self.message = message
        self.device = device
        self.holders = holders
        self.problems = problems
    }
}
