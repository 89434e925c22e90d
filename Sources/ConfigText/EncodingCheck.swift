/// Finds what is not well-formed UTF-8, before the grammar looks at anything.
struct EncodingCheck {
    struct Finding {
        let offset: Int
        let length: Int
        let message: String
    }

    private enum Problem {
        case overlongLead, strayContinuation, impossible, overlong, surrogate, beyondUnicode, cutShort
    }

    /// The input with every ill-formed byte replaced by `?`, so that positions stay and the rest can be read.
    private(set) var bytes: [UInt8]
    /// The first of each line, at most `Diagnostic.limit`.
    private(set) var findings: [Finding] = []

    init(_ input: [UInt8]) {
        bytes = input
        var index = 0
        var isLineClean = true
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                if byte == Byte.newline { isLineClean = true }
                index += 1
                continue
            }
            let (length, problem) = sequence(at: index)
            if let problem {
                for bad in index..<index + length { bytes[bad] = 0x3F }
                if isLineClean, findings.count < Diagnostic.limit {
                    findings.append(Finding(offset: index, length: length, message: message(problem, byte)))
                }
                isLineClean = false
            }
            index += length
        }
    }

    /// The length of the sequence that starts here and, if it is none, what is wrong with it.
    private func sequence(at start: Int) -> (length: Int, problem: Problem?) {
        let lead = bytes[start]
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        case 0xC0...0xC1: return (1, .overlongLead)
        case 0x80...0xBF: return (1, .strayContinuation)
        default: return (1, .impossible)
        }
        var followed = 1
        while followed < length, start + followed < bytes.count, bytes[start + followed] & 0xC0 == 0x80 {
            followed += 1
        }
        if followed > 1 {
            switch (lead, bytes[start + 1]) {
            case (0xE0, ..<0xA0), (0xF0, ..<0x90): return (followed, .overlong)
            case (0xED, 0xA0...): return (followed, .surrogate)
            case (0xF4, 0x90...): return (followed, .beyondUnicode)
            default: break
            }
        }
        return (followed, followed < length ? .cutShort : nil)
    }

    private func message(_ problem: Problem, _ lead: UInt8) -> String {
        switch problem {
        case .overlongLead: "byte \(hex(lead)) begins an overlong UTF-8 sequence"
        case .strayContinuation: "byte \(hex(lead)) continues a UTF-8 sequence that never began"
        case .impossible: "byte \(hex(lead)) never occurs in UTF-8"
        case .overlong: "an overlong UTF-8 sequence"
        case .surrogate: "a surrogate (U+D800 to U+DFFF) encoded as UTF-8"
        case .beyondUnicode: "a UTF-8 sequence beyond U+10FFFF"
        case .cutShort: "a UTF-8 sequence that is cut short"
        }
    }

    private func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "0x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
}
