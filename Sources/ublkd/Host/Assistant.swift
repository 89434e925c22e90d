import LinuxSys

/// What ublkd's own program does in place of the workers' program, where that is missing: the control agent and the
/// filler. Only ublkd and its agents start it so.
enum Assistant {
    case agent
    case filler([String])

    init?(_ arguments: [String]) {
        switch arguments.dropFirst().first {
        case "agent": self = .agent
        case "filler": self = .filler(Array(arguments.dropFirst(2)))
        default: return nil
        }
    }

    /// The exit status.
    func run() -> Int32 {
        switch self {
        case .agent: ControlAgent.run(socket: Fd(owning: ChildProtocol.socketDescriptor))
        case .filler(let arguments): FillerProcess.run(arguments: arguments)
        }
    }
}
