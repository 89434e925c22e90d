/// A kernel release whose driver cannot be used, though its features do not tell.
public struct KernelDefect: Sendable, Equatable {
    /// As `uname -r` gives it.
    public let release: String
    /// What the kernel does, after its name.
    public let what: String

    /// Only what was seen is refused: the releases around it are unknown and allowed.
    private static var known: [(version: [Int], what: String)] {
        [([6, 18, 5], "breaks in its ublk driver at the first ADD_DEV (a null pointer)")]
    }

    /// Nil: nothing is known against this release. What a distribution puts after the numbers does not count.
    public init?(release: String) {
        let numbers = release.prefix { $0 == "." || $0.isASCII && $0.isNumber }
        let version = numbers.split(separator: ".").map { Int($0) }
        guard let defect = Self.known.first(where: { $0.version == version }) else { return nil }
        self.release = release
        what = defect.what
    }

    /// A sentence: what is wrong and what to do.
    public var message: String {
        "Linux \(release) \(what), so no device is added: boot a later kernel, or an earlier one such as 6.12"
    }
}
