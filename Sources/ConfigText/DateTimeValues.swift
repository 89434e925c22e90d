/// A day of the proleptic Gregorian calendar, without a zone. RFC 3339: years 0000 to 9999.
public struct LocalDate: Hashable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// nil where the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (0...9999).contains(year), (1...12).contains(month),
            (1...Self.daysInMonth(month, year: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter month: 1 to 12.
    static func daysInMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    public var description: String { "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))" }
}

/// A time of day, without a zone.
public struct LocalTime: Hashable, Sendable, CustomStringConvertible {
    public let hour: Int
    public let minute: Int
    /// 60 is a leap second: the last of a day of UTC, so a quarter of an hour ends with it everywhere.
    public let second: Int
    /// What is finer is cut off.
    public let nanosecond: Int

    /// nil where no clock shows this.
    public init?(hour: Int, minute: Int, second: Int, nanosecond: Int = 0) {
        guard (0...23).contains(hour), (0...59).contains(minute),
            (0...59).contains(second) || (second == 60 && minute % 15 == 14),
            (0...999_999_999).contains(nanosecond)
        else { return nil }
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    public var description: String {
        var text = "\(digits(hour, 2)):\(digits(minute, 2)):\(digits(second, 2))"
        if nanosecond > 0 {
            var fraction = Substring(digits(nanosecond, 9))
            while fraction.last == "0" { fraction.removeLast() }
            text += ".\(fraction)"
        }
        return text
    }
}

/// A date and a time of day.
public struct LocalDateTime: Hashable, Sendable, CustomStringConvertible {
    public let date: LocalDate
    public let time: LocalTime

    public init(date: LocalDate, time: LocalTime) {
        self.date = date
        self.time = time
    }

    /// Whether UTC has this second: a leap second can only be the last one of a month.
    func exists(at offset: TimeOffset) -> Bool {
        guard time.second == 60 else { return true }
        let minute = time.hour * 60 + time.minute - offset.minutes
        let lastDay = LocalDate.daysInMonth(date.month, year: date.year)
        return switch minute {
        case 1439: date.day == lastDay
        case 1439 - 1440: date.day == 1
        case 1439 + 1440: date.day == lastDay - 1
        default: false
        }
    }

    public var description: String { "\(date)T\(time)" }
}

/// Distance of a local time from UTC.
public struct TimeOffset: Hashable, Sendable, CustomStringConvertible {
    /// Positive east of Greenwich; at most 23:59 either way.
    public let minutes: Int

    public init?(minutes: Int) {
        guard minutes.magnitude < 24 * 60 else { return nil }
        self.minutes = minutes
    }

    public var description: String {
        guard minutes != 0 else { return "Z" }
        let size = abs(minutes)
        return "\(minutes < 0 ? "-" : "+")\(digits(size / 60, 2)):\(digits(size % 60, 2))"
    }
}

private func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}
