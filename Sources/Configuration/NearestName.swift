/// The known name that was most likely meant; nil if none is near.
func nearestName(to name: String, among known: [String]) -> String? {
    let typed = Array(name.lowercased().utf8.map { $0 == 0x2D ? 0x5F : $0 })
    guard !typed.isEmpty, typed.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in known {
        let letters = Array(candidate.utf8.map { $0 == 0x2D ? 0x5F : $0 })
        let distance = editDistance(typed, letters)
        let allowed = max(1, min(typed.count, letters.count) / 3)
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one name into the other, no letter
/// being touched twice.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var current = last
    for i in 0..<a.count {
        current[0] = i + 1
        for j in 0..<b.count {
            var distance = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                distance = min(distance, beforeLast[j - 1] + 1)
            }
            current[j + 1] = distance
        }
        (beforeLast, last, current) = (last, current, beforeLast)
    }
    return last[b.count]
}
