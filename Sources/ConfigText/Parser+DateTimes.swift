extension Parser {
    /// Four digits and a hyphen: no number begins so.
    func looksLikeDate(_ start: Int) -> Bool {
        byte(at: start + 4) == Byte.minus && (start..<start + 4).allSatisfy(isDigit)
    }

    /// Two digits and a colon.
    func looksLikeTime(_ start: Int) -> Bool {
        byte(at: start + 2) == Byte.colon && (start..<start + 2).allSatisfy(isDigit)
    }

    private func isDigit(_ index: Int) -> Bool { byte(at: index).map(Byte.isDigit) ?? false }

    /// One of the four kinds of date and time.
    func dateTime(_ range: Range<Int>, span: SourceSpan) throws(SyntaxError) -> TOMLValue {
        var index = range.lowerBound
        guard looksLikeDate(index) else {
            let time = try time(&index, of: range, span: span)
            guard index == range.upperBound else { throw malformed(range, "a time", span: span) }
            return .localTime(time)
        }
        let date = try date(&index, of: range, span: span)
        if index == range.upperBound { return .localDate(date) }
        guard bytes[index] | 0x20 == 0x74 || bytes[index] == Byte.space else {
            throw malformed(range, "a date", span: span)
        }
        index += 1
        let dateTime = LocalDateTime(date: date, time: try time(&index, of: range, span: span))
        if index == range.upperBound { return .localDateTime(dateTime) }
        let offset = try timeOffset(&index, of: range, span: span)
        guard index == range.upperBound else { throw malformed(range, "a date and time", span: span) }
        guard dateTime.exists(at: offset) else { throw notOnTheClock(range, span: span) }
        return .offsetDateTime(dateTime, offset: offset)
    }

    private func date(
        _ index: inout Int, of range: Range<Int>, span: SourceSpan
    ) throws(SyntaxError) -> LocalDate {
        guard let year = number(&index, digits: 4, of: range), skip(Byte.minus, &index, of: range),
            let month = number(&index, digits: 2, of: range), skip(Byte.minus, &index, of: range),
            let day = number(&index, digits: 2, of: range)
        else { throw malformed(range, "a date", span: span) }
        guard let date = LocalDate(year: year, month: month, day: day) else {
            let what =
                (1...12).contains(month)
                ? "month \(month) of \(year) has no day \(day)" : "there is no month \(month)"
            throw SyntaxError(span, "\(text(range)) is not in the calendar: \(what)")
        }
        return date
    }

    private func time(
        _ index: inout Int, of range: Range<Int>, span: SourceSpan
    ) throws(SyntaxError) -> LocalTime {
        guard let hour = number(&index, digits: 2, of: range), skip(Byte.colon, &index, of: range),
            let minute = number(&index, digits: 2, of: range), skip(Byte.colon, &index, of: range),
            let second = number(&index, digits: 2, of: range)
        else { throw malformed(range, "a time", span: span) }
        var nanosecond = 0
        if skip(Byte.dot, &index, of: range) {
            let start = index
            var unit = 100_000_000
            while index < range.upperBound, Byte.isDigit(bytes[index]) {
                nanosecond += unit * Int(bytes[index] - Byte.zero)
                unit /= 10
                index += 1
            }
            if index == start { throw malformed(range, "a time", span: span) }
        }
        guard let time = LocalTime(hour: hour, minute: minute, second: second, nanosecond: nanosecond) else {
            throw notOnTheClock(range, span: span)
        }
        return time
    }

    private func timeOffset(
        _ index: inout Int, of range: Range<Int>, span: SourceSpan
    ) throws(SyntaxError) -> TimeOffset {
        let sign = bytes[index]
        index += 1
        if sign | 0x20 == 0x7A, let zero = TimeOffset(minutes: 0) { return zero }
        guard sign == Byte.plus || sign == Byte.minus, let hours = number(&index, digits: 2, of: range),
            skip(Byte.colon, &index, of: range), let minutes = number(&index, digits: 2, of: range)
        else { throw malformed(range, "a date and time", span: span) }
        let total = hours * 60 + minutes
        guard minutes < 60, let offset = TimeOffset(minutes: sign == Byte.minus ? -total : total) else {
            throw SyntaxError(span, "\(text(range)): an offset is at most 23:59")
        }
        return offset
    }

    private func number(_ index: inout Int, digits: Int, of range: Range<Int>) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard index < range.upperBound, Byte.isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - Byte.zero)
            index += 1
        }
        return value
    }

    private func skip(_ byte: UInt8, _ index: inout Int, of range: Range<Int>) -> Bool {
        guard index < range.upperBound, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private func notOnTheClock(_ range: Range<Int>, span: SourceSpan) -> SyntaxError {
        SyntaxError(
            span, "\(text(range)) is not on the clock",
            hint: "hours go to 23, minutes and seconds to 59; a leap second ends a month of UTC")
    }

    private func malformed(_ range: Range<Int>, _ what: String, span: SourceSpan) -> SyntaxError {
        SyntaxError(
            span, "\(text(range)) is not \(what)",
            hint: "dates and times are written 1979-05-27, 07:32:00, 1979-05-27T07:32:00+02:00")
    }
}
