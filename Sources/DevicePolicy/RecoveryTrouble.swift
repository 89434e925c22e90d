public import BlockABI

/// Why a recovery does not come to its end: what status says while it goes on.
public enum RecoveryTrouble: Sendable, Equatable {
    /// START_USER_RECOVERY says EBUSY: the dead worker's last I/O is not over.
    case draining
    /// The same on a kernel where it may also mean that the disk is lost, and for longer than a death takes.
    case perhapsPinned
    /// A process that sends a command, or ends the dead worker's fetches, cannot be had.
    case withoutHelper(Errno)
    /// Another process has ublkcN open; each holder as it is to be named.
    case blocked(by: [String])
    /// What the last attempt failed for, or an old worker that does not end.
    case failed(Failure)

    /// It is over once the kernel accepts START_USER_RECOVERY.
    var isOfDraining: Bool {
        switch self {
        case .draining, .perhapsPinned, .withoutHelper, .blocked: true
        case .failed: false
        }
    }

    var isBlocked: Bool {
        if case .blocked = self { true } else { false }
    }

    var isUnkillable: Bool { failure.reason == .unkillable }

    public var failure: Failure {
        switch self {
        case .draining:
            Failure(
                .none, "the last I/O of the dead worker is not over yet; the device is recovered when it is")
        case .perhapsPinned:
            Failure(
                .none,
                "a worker that died while it attached has left its control node open, or its last I/O is not over yet; "
                    + "if it lasts, stop and start the device")
        case .withoutHelper(let errno):
            Failure(
                .none,
                "a process that the recovery needs does not get to its end: \(errno); it is tried again")
        case .blocked(let holders):
            Failure(
                .recoveryBlocked,
                "\(holders.joined(separator: ", ")) holds the device's control node: end that process")
        case .failed(let failure): failure
        }
    }
}
