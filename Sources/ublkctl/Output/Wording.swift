/// Control characters of others (in a path, say) must not steer the reader's terminal.
func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
        if isControl(scalar) { shown += "?" } else { shown.unicodeScalars.append(scalar) }
    }
    return shown
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // Format characters can turn the direction of the writing.
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}

/// `1 error`, `2 errors`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// Bytes in the largest unit of 1024 that leaves a whole part, with at most one decimal, cut off and
/// not rounded: `512B`, `64MiB`, `1.5GiB`.
func sizeText(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    var scale: UInt64 = 1
    while unit < units.count - 1, bytes / scale >= 1024 {
        scale *= 1024
        unit += 1
    }
    let whole = bytes / scale
    // Below the scale of EiB the product cannot overflow: the remainder is less than 2^60.
    let tenth = bytes % scale * 10 / scale
    return tenth == 0 ? "\(whole)\(units[unit])" : "\(whole).\(tenth)\(units[unit])"
}

/// A length of time in its own order of magnitude: `52ms`, `1.2s`, `3m`, `5h`, `2d`.
func spanText(seconds: Double) -> String {
    let milliseconds = Int64(min(max(seconds, 0), 1e12) * 1000 + 0.5)
    switch milliseconds {
    case ..<1000: return "\(milliseconds)ms"
    case ..<10_000 where milliseconds % 1000 >= 100:
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
    case ..<120_000: return "\(milliseconds / 1000)s"
    case ..<7_200_000: return "\(milliseconds / 60_000)m"
    case ..<172_800_000: return "\(milliseconds / 3_600_000)h"
    default: return "\(milliseconds / 86_400_000)d"
    }
}
