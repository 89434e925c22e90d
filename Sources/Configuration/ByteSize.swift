/// Sizes as the configuration writes them: powers of 1024.
public enum ByteSize {
    private static var units: [(size: UInt64, names: [String])] {
        [
            (1 << 10, ["KiB", "K"]), (1 << 20, ["MiB", "M"]), (1 << 30, ["GiB", "G"]),
            (1 << 40, ["TiB", "T"]),
        ]
    }

    /// Bytes of `"10GiB"` or `"512K"`. nil: not a size, or more than 2^63 - 1 bytes.
    public static func parse(_ text: String) -> UInt64? {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard let count = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let unit = String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)
        guard let size = units.first(where: { $0.names.contains(unit) })?.size else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        return overflow || product > UInt64(Int64.max) ? nil : product
    }

    /// `512KiB`: the largest unit that holds it in whole numbers; plain bytes have none.
    public static func format(_ bytes: UInt64) -> String {
        for (size, names) in units.reversed() where bytes >= size && bytes.isMultiple(of: size) {
            return "\(bytes / size)\(names[0])"
        }
        return String(bytes)
    }
}
