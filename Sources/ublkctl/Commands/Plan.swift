internal import ArgumentParser
internal import StatusWire

struct Plan: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a reload would do, without doing it.",
        discussion: """
            The files are read and checked as by 'ublkctl reload'; nothing is changed. One line for each \
            device that differs: the class of its difference, what would be done, and the keys that differ. \
            Action 'none' says that the disk would stay as it is, and why; a device in use names who holds it.

            The status is 0 also when nothing differs, and 78 if the files have errors. With --json the lines \
            are in the member "changes".

            Example:
              ublkctl plan && ublkctl reload
            """)

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let changes = try session.call(.plan, as: PlanReply.self, verb: "plan").changes
        return Report(
            text: PlanText.rendered(changes, width: session.console.columns), members: ["changes": changes])
    }
}
