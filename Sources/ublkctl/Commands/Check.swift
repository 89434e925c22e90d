internal import ArgumentParser
internal import BlockABI
internal import ConfigText
internal import Configuration
internal import Glibc
internal import LinuxSys

/// `ublkctl check`: what ublkd would say of a configuration, without ublkd.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration offline, drop-ins included.",
        discussion: """
            Reads FILE and devices.d/*.toml beside it as ublkd would, and shows every error with its line. \
            Nothing is changed and ublkd need not run. Whether users, files and devices exist is not \
            looked at.

            Exit status: 0 fine, 78 the configuration has errors.
            """)

    @Argument(
        help: "The main file.", completion: .file(extensions: ["toml"]))
    var file = "/etc/ublkd/ublkd.toml"

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    /// The grammar alone, of FILE or of standard input (`-`), for conformance tests.
    @Flag(help: .hidden)
    var syntax = false

    func run() throws {
        if syntax {
            try checkSyntax()
        } else {
            try checkConfiguration()
        }
    }

    // MARK: The configuration

    private func checkConfiguration() throws {
        let read = ConfigurationFiles(main: file)
        let unreadable = read.problems.map { Diagnostic(file: $0.path, $0.message, hint: $0.hint) }
        // The schema of drop-ins is not that of the main file: without it there is nothing to go by.
        let isMainRead = read.files.first?.path == file
        let cpus = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let result =
            isMainRead
            ? Configuration.check(
                sources: read.files.map { ($0.path, $0.bytes) }, hostFacts: HostFacts(cpuCount: cpus)) : nil
        let problems = unreadable + (result?.diagnostics ?? [])
        let isFine = unreadable.isEmpty && result?.configuration != nil
        if json {
            printOut(try CheckReport(isFine: isFine, problems: problems).text())
        } else {
            for problem in problems where !quiet || problem.severity == .error {
                printError(problem.rendered())
            }
            if let configuration = result?.configuration, isFine {
                if !quiet { printOut(summary(problems, configuration)) }
            } else {
                printError(failure(problems))
            }
        }
        if !isFine { throw ExitCode(78) }
    }

    private func summary(_ warnings: [Diagnostic], _ configuration: HostConfiguration) -> String {
        let devices = counted(configuration.devices.count, "device")
        return "\(file): \(devices), \(warnings.isEmpty ? "no error" : counted(warnings.count, "warning"))"
    }

    private func failure(_ problems: [Diagnostic]) -> String {
        let most = problems.count >= Diagnostic.limit ? "at least " : ""
        return "\(file): \(most)\(counted(problems.count { $0.severity == .error }, "error"))"
    }

    private func counted(_ count: Int, _ what: String) -> String {
        "\(count) \(what)\(count == 1 ? "" : "s")"
    }

    // MARK: The grammar alone

    private func checkSyntax() throws {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try readAll(file)
        } catch {
            printError("\(file): error: cannot be read: \(error)")
            throw ExitCode.failure
        }
        let document = TOMLDocument(parsing: bytes, file: file == "-" ? "<stdin>" : file)
        guard document.isValid else {
            for problem in document.diagnostics { printError(problem.rendered()) }
            throw ExitCode.failure
        }
        if json {
            printOut(String(decoding: document.taggedJSON(), as: UTF8.self), terminator: "")
        } else if !quiet {
            printOut("\(file): valid TOML")
        }
    }

    private func readAll(_ path: String) throws(Errno) -> [UInt8] {
        if path == "-" { return try readAll(descriptor: STDIN_FILENO) }
        let fd = try Fd.open(path, flags: O_RDONLY)
        return try readAll(descriptor: fd.raw)
    }

    private func readAll(descriptor: Int32) throws(Errno) -> [UInt8] {
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

    private func printOut(_ text: String, terminator: String = "\n") { print(text, terminator: terminator) }

    private func printError(_ text: String) {
        var rest = Array("\(text)\n".utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
