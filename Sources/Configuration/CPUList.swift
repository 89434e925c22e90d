/// CPU lists as the kernel and taskset write them: `0-3,8`.
enum CPUList {
    /// No Linux has more.
    static var limit: Int { 8192 }

    /// The CPUs, ascending, each once. nil: not a list, or one without a CPU.
    static func parse(_ text: String) -> [Int]? {
        var cpus: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = number(ends.first), let last = number(ends.last), first <= last
            else { return nil }
            cpus.formUnion(first...last)
        }
        return cpus.isEmpty ? nil : cpus.sorted()
    }

    private static func number(_ text: Substring?) -> Int? {
        guard let text, (1...5).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(text), number < limit
        else { return nil }
        return number
    }

    /// The shortest list of these CPUs.
    static func format(_ cpus: [Int]) -> String {
        var parts: [String] = []
        var index = 0
        while index < cpus.count {
            var end = index
            while end + 1 < cpus.count, cpus[end + 1] == cpus[end] + 1 { end += 1 }
            parts.append(end > index ? "\(cpus[index])-\(cpus[end])" : "\(cpus[index])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }
}
