public import BlockABI

// Numbers that only the floor looks at.
extension Errno {
    public static var notSocket: Errno { Errno(88) }
    public static var addressInUse: Errno { Errno(98) }
}
