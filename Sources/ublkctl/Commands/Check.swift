internal import ArgumentParser
internal import BlockABI
internal import ConfigText
internal import Configuration
internal import Glibc
internal import LinuxSys

struct Check: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration offline, drop-ins included.",
        discussion: """
            Reads FILE and devices.d/*.toml beside it as ublkd would, and shows every error with its line. \
            ublkd need not run, and nothing is changed. Whether users, files and devices exist is not looked \
            at: that is known when a device starts.

            The status is 0 if ublkd would take the configuration, warnings or not, and 78 if it has errors. \
            With --json the members are "ok" and "problems", each of them with "file", "line", "column" \
            (null: the file as a whole), "severity", "message" and "hint".
            """)

    @Argument(help: "The main file.", completion: .file(extensions: ["toml"]))
    var file = "/etc/ublkd/ublkd.toml"

    /// The grammar alone, of FILE or of standard input (`-`), for conformance tests.
    @Flag(help: .hidden)
    var syntax = false

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        syntax ? try checkSyntax(session) : checkConfiguration(session)
    }

    // MARK: The configuration

    private func checkConfiguration(_ session: Session) -> Report {
        let read = ConfigurationFiles(main: file)
        let unreadable = read.problems.map { Diagnostic(file: $0.path, $0.message, hint: $0.hint) }
        // What drop-ins may hold depends on the main file: without it there is nothing to go by.
        let isMainRead = read.files.first?.path == file
        let cpus = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let result =
            isMainRead
            ? Configuration.check(
                sources: read.files.map { ($0.path, $0.bytes) }, hostFacts: HostFacts(cpuCount: cpus)) : nil
        let problems = unreadable + (result?.diagnostics ?? [])
        let configuration = unreadable.isEmpty ? result?.configuration : nil
        show(problems, session)

        var report = Report(members: [
            "ok": configuration != nil, "problems": problems.map(CheckedProblem.init),
        ])
        if let configuration {
            let devices = counted(configuration.devices.count, "device")
            let warnings = problems.isEmpty ? "no error" : counted(problems.count, "warning")
            report.text = "\(file): \(devices), \(warnings)\n"
        } else {
            let errors = counted(problems.count { $0.severity == .error }, "error")
            let most = problems.count >= Diagnostic.limit ? "at least " : ""
            report.failures = [Failure(.configuration, "check \(file): \(most)\(errors)")]
        }
        return report
    }

    /// For people; JSON has them as members.
    private func show(_ problems: [Diagnostic], _ session: Session) {
        guard !session.options.json else { return }
        for problem in problems where problem.severity == .error || !session.options.quiet {
            session.console.err(problem.rendered() + "\n")
        }
    }

    // MARK: The grammar alone

    private func checkSyntax(_ session: Session) throws(Failure) -> Report {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try file == "-" ? readAll(STDIN_FILENO) : readFile()
        } catch {
            throw Failure(.failed, "check \(file): cannot be read: \(error)")
        }
        let document = TOMLDocument(parsing: bytes, file: file == "-" ? "<stdin>" : file)
        guard document.isValid else {
            for problem in document.diagnostics { session.console.err(problem.rendered() + "\n") }
            throw Failure(.failed, "check \(file): not TOML 1.0")
        }
        var report = Report(text: "\(file): valid TOML 1.0\n")
        if session.options.json { report.verbatim = String(decoding: document.taggedJSON(), as: UTF8.self) }
        return report
    }

    private func readFile() throws(Errno) -> [UInt8] {
        let fd = try Fd.open(file, flags: O_RDONLY)
        return try readAll(fd.raw)
    }

    private func readAll(_ descriptor: Int32) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(descriptor, &part, part.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += part.prefix(count)
            } else if errno != EINTR {
                throw Errno(errno)
            }
        }
    }
}

/// A problem in JSON. Every member is always there; null: the file as a whole, or no hint.
private struct CheckedProblem: Encodable {
    let diagnostic: Diagnostic

    private enum Key: String, CodingKey {
        case file, line, column, severity, message, hint
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(diagnostic.file, forKey: .file)
        try object.encode(diagnostic.position?.line, forKey: .line)
        try object.encode(diagnostic.position?.column, forKey: .column)
        try object.encode(diagnostic.severity.rawValue, forKey: .severity)
        try object.encode(diagnostic.message, forKey: .message)
        try object.encode(diagnostic.hint, forKey: .hint)
    }
}
