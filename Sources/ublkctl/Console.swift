internal import Glibc
internal import StatusWire

/// Where a command writes, and what it knows of its reader.
final class Console {
    /// Width to fit tables into; nil: as wide as they are.
    let columns: Int?
    /// What is written can be written over.
    let isTerminal: Bool
    private let writeOut: (String) -> Bool
    private let writeError: (String) -> Bool
    /// The wall clock, for ages.
    let now: () -> Timestamp
    private(set) var outputFailed = false

    init(
        columns: Int?, isTerminal: Bool = false, now: @escaping () -> Timestamp,
        out: @escaping (String) -> Bool,
        error: @escaping (String) -> Bool
    ) {
        self.columns = columns
        self.isTerminal = isTerminal
        self.now = now
        writeOut = out
        writeError = error
    }

    func out(_ text: String) {
        if !text.isEmpty, !writeOut(text) { outputFailed = true }
    }

    func err(_ text: String) {
        if !text.isEmpty { _ = writeError(text) }
    }

    /// Standard output and error; the width is `COLUMNS`, else the terminal's, else unlimited.
    static func standard() -> Console {
        Console(
            columns: columnsFromEnvironment() ?? columnsOfTerminal(), isTerminal: isatty(STDOUT_FILENO) == 1,
            now: wallClock,
            out: { write($0, to: STDOUT_FILENO) }, error: { write($0, to: STDERR_FILENO) })
    }

    private static func columnsFromEnvironment() -> Int? {
        guard let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 else {
            return nil
        }
        return columns
    }

    private static func columnsOfTerminal() -> Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static func wallClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    private static func write(_ text: String, to fd: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if count < 0, errno != EINTR {
                return false
            }
        }
        return true
    }
}
