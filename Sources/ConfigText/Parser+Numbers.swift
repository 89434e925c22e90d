extension Parser {
    /// An integer in any base, or a float.
    /// - Parameter range: begins with a digit, after a sign if there is one.
    func number(_ range: Range<Int>, span: SourceSpan) throws(SyntaxError) -> TOMLValue {
        let first = bytes[range.lowerBound]
        let isSigned = first == Byte.plus || first == Byte.minus
        let body = isSigned ? range.dropFirst() : range
        if bytes[body.lowerBound] == Byte.zero, let base = byte(at: body.lowerBound + 1), body.count > 1 {
            switch base {
            case 0x78: return try prefixed(range, 16, isSigned: isSigned, span: span)
            case 0x6F: return try prefixed(range, 8, isSigned: isSigned, span: span)
            case 0x62: return try prefixed(range, 2, isSigned: isSigned, span: span)
            default: break
            }
        }
        return try decimal(range, body: body, isNegative: first == Byte.minus, span: span)
    }

    /// `0x…`, `0o…`, `0b…`.
    private func prefixed(
        _ range: Range<Int>, _ radix: UInt64, isSigned: Bool, span: SourceSpan
    ) throws(SyntaxError) -> TOMLValue {
        guard !isSigned else {
            throw SyntaxError(span, "\(text(range)): only decimal numbers have a sign")
        }
        let digits = range.dropFirst(2)
        try checkUnderscores(digits, radix: radix, whole: range, span: span)
        var magnitude: UInt64 = 0
        for index in digits where bytes[index] != Byte.underscore {
            guard let digit = Byte.digitValue(bytes[index]), digit < radix else {
                throw SyntaxError(span, "\(text(range)) is not a number of base \(radix)")
            }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: radix)
            magnitude = product | digit
            if overflow || magnitude > UInt64(Int64.max) { throw outOfRange(range, span: span) }
        }
        return .integer(Int64(magnitude))
    }

    private func decimal(
        _ range: Range<Int>, body: Range<Int>, isNegative: Bool, span: SourceSpan
    ) throws(SyntaxError) -> TOMLValue {
        var index = body.lowerBound
        func skipDigits() -> Range<Int> {
            let start = index
            while index < body.upperBound, Byte.isDigit(bytes[index]) || bytes[index] == Byte.underscore {
                index += 1
            }
            return start..<index
        }
        let whole = skipDigits()
        var parts = [whole]
        var isFloat = false
        if index < body.upperBound, bytes[index] == Byte.dot {
            isFloat = true
            index += 1
            parts.append(skipDigits())
        }
        if index < body.upperBound, bytes[index] | 0x20 == 0x65 {
            isFloat = true
            index += 1
            if index < body.upperBound, bytes[index] == Byte.plus || bytes[index] == Byte.minus { index += 1 }
            parts.append(skipDigits())
        }
        guard index == body.upperBound else {
            throw SyntaxError(
                span, "\(text(range)) is not a number, a date or a time", hint: "a string needs quotes")
        }
        for part in parts { try checkUnderscores(part, radix: 10, whole: range, span: span) }
        if whole.count > 1, bytes[whole.lowerBound] == Byte.zero {
            throw SyntaxError(
                span, "\(text(range)): a number has no leading zeros",
                hint: "octal is 0o…; a string needs quotes")
        }
        return isFloat
            ? try float(range, span: span)
            : .integer(try integer(whole, isNegative: isNegative, whole: range, span: span))
    }

    private func integer(
        _ digits: Range<Int>, isNegative: Bool, whole: Range<Int>, span: SourceSpan
    ) throws(SyntaxError) -> Int64 {
        let limit: UInt64 = isNegative ? 1 << 63 : 1 << 63 - 1
        var magnitude: UInt64 = 0
        for index in digits where bytes[index] != Byte.underscore {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[index] - Byte.zero))
            if overflow || carry || sum > limit { throw outOfRange(whole, span: span) }
            magnitude = sum
        }
        // -2^63 has no positive counterpart.
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
    }

    /// IEEE 754 binary64, rounded to the nearest; what is too large is infinite.
    private func float(_ range: Range<Int>, span: SourceSpan) throws(SyntaxError) -> TOMLValue {
        let text = String(decoding: bytes[range].filter { $0 != Byte.underscore }, as: UTF8.self)
        guard let value = Double(text) else {
            throw SyntaxError(span, "\(self.text(range)) is not a number")
        }
        return .float(value)
    }

    /// Digits are there, and every underscore has one on each side.
    private func checkUnderscores(
        _ digits: Range<Int>, radix: UInt64, whole: Range<Int>, span: SourceSpan
    ) throws(SyntaxError) {
        guard let first = digits.first, let last = digits.last else {
            throw SyntaxError(span, "\(text(whole)) lacks digits")
        }
        var isSound = bytes[first] != Byte.underscore && bytes[last] != Byte.underscore
        for index in digits.dropFirst()
        where bytes[index] == Byte.underscore && bytes[index - 1] == Byte.underscore {
            isSound = false
        }
        guard isSound else {
            throw SyntaxError(span, "\(text(whole)): each underscore must stand between two digits")
        }
    }

    private func outOfRange(_ range: Range<Int>, span: SourceSpan) -> SyntaxError {
        SyntaxError(
            span, "\(text(range)) does not fit in 64 bits",
            hint: "integers go from -9223372036854775808 to 9223372036854775807")
    }
}
