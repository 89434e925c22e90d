internal import ArgumentParser
internal import StatusWire

struct Reload: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the configuration again and apply what differs.",
        discussion: """
            The files are read and checked whole. If they have an error, all of them are shown, nothing is \
            changed, and the status is 78. Otherwise each device that differs is treated by the class of its \
            difference:

              add      a new device; it is started (autostart)
              remove   taken out of the file; it goes, or stays pending-removal until its last user closed it
              live     applied while it runs, with no interruption
              worker   a fresh worker takes over; I/O waits, none fails
              recreate the disk must be made anew; it stays pending until --recreate names it and it is closed

            The command waits until new devices serve and removed ones are gone; see --timeout and --no-wait. \
            'pending' is no failure, except for a device that --recreate names.
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Devices that may be made anew for their difference.", valueName: "name"),
        completion: .deviceNames)
    var recreate: [String] = []

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let before = try session.devices(verb: "reload")
        let recreated = try DeviceWord.resolve(recreate, in: before).map(\.name)
        var outcomes = try session.call(
            .reload(recreate: recreated), as: ReloadReply.self, verb: "reload"
        ).outcomes

        var failures: [Failure] = []
        var waited: [Waiting.Subject] = []
        for outcome in outcomes {
            switch outcome.outcome {
            case .done: break
            case .accepted:
                // A device has one step of each class; the last one that takes time is the largest.
                waited.removeAll { $0.name == outcome.name }
                waited.append(
                    Waiting.Subject(
                        name: outcome.name, goal: goal(outcome),
                        before: before.first { $0.name == outcome.name }))
            case .pending:
                if recreated.contains(outcome.name) { failures.append(notDone(outcome, .busy)) }
            case .refused, .failed:
                let isBusy = outcome.outcome == .refused && outcome.holders?.isEmpty == false
                failures.append(notDone(outcome, isBusy ? .busy : .failed))
            }
        }

        if !session.options.noWait, !waited.isEmpty {
            let results = Waiting(verb: "reload").until(waited, in: &session)
            for index in outcomes.indices where outcomes[index].outcome == .accepted {
                switch results[outcomes[index].name] {
                case .met(let device):
                    outcomes[index].outcome = device?.state == .pendingRemoval ? .pending : .done
                case .missed(_, let failure):
                    outcomes[index].outcome = .failed
                    outcomes[index].reason = failure.message
                    failures.append(failure)
                case nil: break
                }
            }
        }
        return Report(
            text: ReloadText.rendered(outcomes, width: session.console.columns),
            members: ["outcomes": outcomes], failures: failures)
    }

    private func goal(_ outcome: ReloadOutcome) -> Goal {
        switch outcome.action {
        case .stop: .removed
        case .handOver: .replaced(keys: outcome.reason)
        // Of what is applied to a disk that serves, a larger size alone takes time.
        case .apply: .grown
        case .recreate: .remade
        case .start, .register, .none: .started
        }
    }

    private func notDone(_ outcome: ReloadOutcome, _ kind: Failure.Kind) -> Failure {
        let why = ReloadText.reason(outcome)
        return Failure(
            kind,
            "reload \(outcome.name): \(outcome.outcome.rawValue)" + (why.isEmpty ? "" : ": \(why)"),
            device: outcome.name, holders: outcome.holders ?? [])
    }
}
