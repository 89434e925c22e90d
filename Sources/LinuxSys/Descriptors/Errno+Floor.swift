public import BlockABI

// Numbers that only the floor looks at.
extension Errno {
    public static var noDeviceOrAddress: Errno { Errno(6) }
    public static var resultOutOfRange: Errno { Errno(34) }
    public static var notImplemented: Errno { Errno(38) }
    public static var notSocket: Errno { Errno(88) }
    public static var addressInUse: Errno { Errno(98) }
}
