internal import ArgumentParser

/// A command that talks to ublkd: it returns what is to be said, and `Program` says it.
protocol ClientCommand: ParsableCommand {
    var common: CommonOptions { get }

    /// - Throws: when there is nothing to report but the failure.
    func execute(in session: inout Session) throws(Failure) -> Report
}
