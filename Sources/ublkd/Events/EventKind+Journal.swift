import StatusWire

extension EventRecord.Kind {
    /// The entry's MESSAGE_ID in the journal (systemd.journal-fields(7)), as ublkd(8) lists them. Never changed: programs
    /// wait for it. Nil for what only stands for missing events.
    var messageID: String? {
        switch self {
        case .gap: nil
        case .begun: "a07ee7cd981da9ebb6cdc11b36d792b6"
        case .added: "748d0b16f3871ced81be25634b8f60a1"
        case .adopted: "3639f6fd07b5d8f7154150ca8c340062"
        case .starting: "fc734549d79ed738c9e943e9427adb7a"
        case .live: "7283dff07660d68a7fb21ffa067882db"
        case .recovering: "1639dfa1f393f6221a6cbc6e8139bcf0"
        case .recovered: "b497fd1a7c987308800f47891806a961"
        case .degraded: "c0657c8c72af9a2d4c050c530727f48b"
        case .failed: "f00d9b9b1d314fee005250457b874aa1"
        case .held: "07d0ff196183ded3d408954d3e9b27b7"
        case .stopping: "3b18a2d63da5e628f1cafd3f84ca5f0c"
        case .stopped: "dd980ca913d72324a18ec73173f85aa6"
        case .pendingRemoval: "d10685558a922b0c0e10053facf7c3b8"
        case .removed: "9e8efd0d3514d0694daccbe4291bd534"
        case .reload: "536827c52aae43934ea3face888b4087"
        case .configInvalid: "4eb5783a6c1b7abdf621de827aba78e5"
        }
    }

    /// Nothing is done any more before an operator, or a long time, says so.
    var isGivenUp: Bool { self == .failed || self == .held }

    /// An administrator is to see it among the warnings.
    var isTrouble: Bool {
        switch self {
        case .recovering, .degraded, .failed, .held, .configInvalid: true
        default: false
        }
    }
}
