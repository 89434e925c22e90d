/// How the running driver differs, decided once from GET_FEATURES. One named rule a difference; policy asks
/// the rule and never the kernel's version.
public struct KernelTraits: Sendable, Equatable {
    public enum Family: String, Sendable {
        /// 6.12: detection by cancelled commands, recovery that cannot simply be repeated.
        case classic
        /// 6.16 to 6.18: detection by release, but a partly fetched recovery cannot be undone.
        case middle
        /// 7.0 and later.
        case modern
    }

    public let features: DeviceFlags

    public init(features: DeviceFlags) { self.features = features }

    public var family: Family {
        if features.contains(.safeStopDevice) { return .modern }
        return features.contains(.perIODaemon) ? .middle : .classic
    }

    // MARK: - What is done differently

    /// START_USER_RECOVERY that may be a repetition oopses the kernel unless a filler fetched all slots first.
    public var needsFillerBeforeRepeatedStart: Bool { family == .classic }
    /// START_USER_RECOVERY after an accepted one is refused with EINVAL and changes nothing.
    public var refusesRepeatedStart: Bool { family == .classic }
    /// A queue whose tags are all with the dead worker is noticed after 30 s only: keep one tag spare.
    public var needsSpareTag: Bool { family == .classic }
    /// The state stays LIVE while a dead worker's last I/O drains: LIVE with a dead worker is not lost.
    public var staysLiveWhileFenced: Bool { family != .classic }
    /// END_USER_RECOVERY for a dead worker makes a device LIVE that nobody serves.
    public var endForDeadWorkerIsFatal: Bool { family == .classic }
    /// A worker that died in recovery with some of its slots fetched can keep ublkcN open for good.
    public var mayPinAfterPartialFetch: Bool { family != .modern }
    /// ublkcN is let go again only if somebody with a copy of that worker's descriptor fetches the other slots.
    public var needsSavedDescriptorInRecovery: Bool { family == .middle }
    /// QUIESCE_DEV exists.
    public var canQuiesce: Bool { features.contains(.quiesce) }
    /// `recovery = "fail-io"` can be asked for.
    public var canFailIO: Bool { features.contains(.userRecoveryFailIO) }
    /// UPDATE_SIZE exists.
    public var canUpdateSize: Bool { features.contains(.updateSize) }
    /// TRY_STOP_DEV exists.
    public var canTryStop: Bool { features.contains(.safeStopDevice) }

    // MARK: - What is done on every kernel because some of them need it

    /// START_DEV and END_USER_RECOVERY must name the process that opened ublkcN.
    public var checksOpenerPID: Bool { family != .classic }
    /// A worker that died before START_DEV was processed leaves a device that must be deleted and added.
    public var mustReaddAfterDeathBeforeStart: Bool { !features.contains(.ioDescriptorSize) }
    /// A node that is read before its device is verified LIVE can wedge STOP_DEV for good.
    public var nodeMustNotBeProbedBeforeLive: Bool { !features.contains(.ioDescriptorSize) }
    /// DEL_DEV that hangs blocks ADD and DEL of every device, so it only follows a STOP_DEV that returned.
    public var deleteOnlyAfterStopReturned: Bool { !features.contains(.ioDescriptorSize) }
    /// START_DEV reads the partition table through the worker with the driver's lock held, and a worker that dies
    /// then wedges the device, unless no FETCH came from a task with CAP_SYS_ADMIN.
    public var mustDropPrivilegesBeforeFetch: Bool { !features.contains(.safeStopDevice) }

    // MARK: - Sizes

    /// Tags to ask for in ADD_DEV so that `queueDepth` can be used.
    public func tags(forQueueDepth queueDepth: Int) -> Int {
        guard needsSpareTag else { return queueDepth }
        // The block layer keeps at least 4 requests, so a smaller limit than 4 cannot leave one spare.
        return min(max(queueDepth + 1, 5), Int(4096))
    }

    /// What `queue/nr_requests` is set to right after START_DEV; nil where nothing has to be.
    public func requestLimit(forQueueDepth queueDepth: Int) -> Int? {
        needsSpareTag ? min(max(queueDepth, 4), 4095) : nil
    }
}
