public import BlockABI

extension Errno {
    public static var badExchange: Errno { Errno(52) }
    public static var fileTooLarge: Errno { Errno(27) }
    public static var addressInUse: Errno { Errno(98) }
    public static var notImplemented: Errno { Errno(38) }
}
