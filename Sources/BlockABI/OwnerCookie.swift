/// The 64-bit mark that ublkd leaves in `ublksrv_flags` of its devices. The driver keeps it through every
/// state, so a new ublkd knows its devices even when nothing else survived.
///
/// Layout: 16 bits magic, 8 bits format, 16 bits of the instance, 24 bits of the device's name.
public struct OwnerCookie: Hashable, Sendable {
    public let rawValue: UInt64

    private static let magic: UInt64 = 0x75b1
    private static let format: UInt64 = 1

    /// The mark of device `name` of the ublkd `instance`.
    public init(instance: String, name: String) {
        let owner = Self.hash(instance) & 0xffff
        let device = Self.hash(name) & 0xff_ffff
        rawValue = Self.magic << 48 | Self.format << 40 | owner << 24 | device
    }

    /// Nil for a device of another tool or a format of another version.
    public init?(rawValue: UInt64) {
        guard rawValue >> 48 == Self.magic, rawValue >> 40 & 0xff == Self.format else { return nil }
        self.rawValue = rawValue
    }

    public func isOf(instance: String) -> Bool {
        rawValue >> 24 & 0xffff == Self.hash(instance) & 0xffff
    }

    /// FNV-1a, folded so that the low bits hold all of it.
    private static func hash(_ text: String) -> UInt64 {
        var h: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return h ^ h >> 32 ^ h >> 16
    }
}
