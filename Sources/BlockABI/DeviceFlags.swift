/// Feature bits of the driver (GET_FEATURES) and flags of one device (ADD_DEV, GET_DEV_INFO): the same bit
/// positions for both. `include/uapi/linux/ublk_cmd.h`.
public struct DeviceFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    private init(bit: UInt64) { rawValue = 1 << bit }

    // Computed, so that other modules see constants and not lazy accessors.
    public static var supportZeroCopy: Self { Self(bit: 0) }
    public static var uringCommandCompletesInTask: Self { Self(bit: 1) }
    public static var needGetData: Self { Self(bit: 2) }
    public static var userRecovery: Self { Self(bit: 3) }
    public static var userRecoveryReissue: Self { Self(bit: 4) }
    public static var unprivilegedDevice: Self { Self(bit: 5) }
    public static var commandIoctlEncode: Self { Self(bit: 6) }
    public static var userCopy: Self { Self(bit: 7) }
    public static var zoned: Self { Self(bit: 8) }
    public static var userRecoveryFailIO: Self { Self(bit: 9) }
    public static var updateSize: Self { Self(bit: 10) }
    public static var autoBufferRegistration: Self { Self(bit: 11) }
    public static var quiesce: Self { Self(bit: 12) }
    public static var perIODaemon: Self { Self(bit: 13) }
    public static var bufferRegistrationOffDaemon: Self { Self(bit: 14) }
    public static var batchIO: Self { Self(bit: 15) }
    public static var integrity: Self { Self(bit: 16) }
    public static var safeStopDevice: Self { Self(bit: 17) }
    public static var noAutoPartitionScan: Self { Self(bit: 18) }
    public static var sharedMemoryZeroCopy: Self { Self(bit: 19) }
    public static var ioDescriptorSize: Self { Self(bit: 20) }
}

extension DeviceFlags {
    /// Names of the flags that are set, as the kernel's header spells them without `UBLK_F_`; a bit that this
    /// version does not know is `BIT_n`.
    public var names: [String] {
        (0..<64).filter { rawValue >> UInt64($0) & 1 != 0 }.map {
            $0 < Self.knownNames.count ? Self.knownNames[$0] : "BIT_\($0)"
        }
    }

    private static let knownNames = [
        "SUPPORT_ZERO_COPY", "URING_CMD_COMP_IN_TASK", "NEED_GET_DATA", "USER_RECOVERY",
        "USER_RECOVERY_REISSUE",
        "UNPRIVILEGED_DEV", "CMD_IOCTL_ENCODE", "USER_COPY", "ZONED", "USER_RECOVERY_FAIL_IO", "UPDATE_SIZE",
        "AUTO_BUF_REG", "QUIESCE", "PER_IO_DAEMON", "BUF_REG_OFF_DAEMON", "BATCH_IO", "INTEGRITY",
        "SAFE_STOP_DEV",
        "NO_AUTO_PART_SCAN", "SHMEM_ZC", "IO_DESC_SIZE",
    ]
}
