internal import ArgumentParser

/// The whole program as a function: arguments in, exit status out.
enum Program {
    static func run(arguments: [String], console: Console) -> Int32 {
        let status: Int32
        do {
            let command = try Ublkctl.parseAsRoot(arguments)
            if let command = command as? any ClientCommand {
                status = perform(command, console)
            } else {
                var command = command
                try command.run()
                status = 0
            }
        } catch {
            status = explain(error, asJSON: wantsJSON(arguments), console)
        }
        // An answer that could not be written is no answer.
        return status == 0 && console.outputFailed ? Failure.Kind.failed.exitStatus : status
    }

    private static func perform(_ command: some ClientCommand, _ console: Console) -> Int32 {
        let options = command.common
        var session = Session(options: options, console: console)
        let report: Report
        do {
            report = try command.execute(in: &session)
        } catch {
            report = Report(failures: [error])
        }
        report.write(to: console, options)
        return report.exitStatus
    }

    /// Help and version asked for, wrong usage, and the exit statuses of commands that print for themselves.
    private static func explain(_ error: any Error, asJSON: Bool, _ console: Console) -> Int32 {
        if let status = error as? ExitCode { return status.rawValue }
        let text = Ublkctl.fullMessage(for: error, columns: console.columns)
        let status = Ublkctl.exitCode(for: error)
        guard status != .success else {
            console.out(text + "\n")
            return 0
        }
        let isUsage = status == .validationFailure
        let failure = Failure(isUsage ? .usage : .failed, Ublkctl.message(for: error))
        if asJSON {
            Report(failures: [failure]).writeJSON(to: console)
        } else {
            console.err(text + "\n")
        }
        return failure.kind.exitStatus
    }

    private static func wantsJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}
