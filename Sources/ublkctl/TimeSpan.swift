internal import ArgumentParser

/// A length of time as a person writes it: `250ms`, `10s`, `5min`, `1h`, or a bare number of seconds.
struct TimeSpan: Equatable, Sendable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// nil for anything else, and for more than a year.
    init?(text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), digits.first != ".", digits.last != "." else { return nil }
        let unit: Double
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1
        case "s", "": unit = 1000
        case "min": unit = 60_000
        case "h": unit = 3_600_000
        default: return nil
        }
        let total = (number * unit).rounded()
        guard total <= 31_536_000_000 else { return nil }
        milliseconds = Int64(total)
    }
}

extension TimeSpan: ExpressibleByArgument, CustomStringConvertible {
    init?(argument: String) { self.init(text: argument) }

    var description: String {
        switch milliseconds {
        case let time where time % 60_000 == 0 && time > 0: "\(time / 60_000)min"
        case let time where time % 1000 == 0: "\(time / 1000)s"
        default: "\(milliseconds)ms"
        }
    }

    var defaultValueDescription: String { description }
}
