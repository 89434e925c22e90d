public import ArgumentParser
public import StatusWire

extension DeviceState: ExpressibleByArgument {}

struct Wait: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until devices are in a state.",
        discussion: """
            Ends as soon as every device named is in the state asked for, with status 124 when --timeout is \
            over before. 'live' is also met by 'degraded'; 'absent' by a name that ublkd does not know. A \
            restart of ublkd meanwhile is waited through; if it does not run to begin with, the status is 3. \
            With --no-wait it looks once, and a device that is not in the state is status 1.

            Example, in a script that needs the disk:
              ublkctl wait data --state live --timeout 1min && mount /data
            """)

    @Argument(help: ArgumentHelp("The devices.", valueName: "name"), completion: .deviceNames)
    var names: [String]

    @Option(help: ArgumentHelp("The state to wait for.", valueName: "state"))
    var state = DeviceState.live

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let known = try session.devices(verb: "wait")
        var subjects: [Waiting.Subject] = []
        for word in names {
            let device = DeviceWord.find(word, in: known)
            guard device != nil || state == .absent else {
                throw Failure.noSuchDevice(word, known: known.map(\.name))
            }
            let name = device?.name ?? word
            guard !subjects.contains(where: { $0.name == name }) else { continue }
            subjects.append(Waiting.Subject(name: name, goal: .state(state), before: device))
        }

        let results = Waiting(verb: "wait", once: session.options.noWait).until(subjects, in: &session)
        var outcomes: [DeviceOutcome] = []
        var failures: [Failure] = []
        for subject in subjects {
            switch results[subject.name] {
            case .met(let device):
                outcomes.append(
                    DeviceOutcome(name: subject.name, outcome: .done, state: device?.state ?? .absent))
            case .missed(let device, let failure):
                let now = device?.state ?? .absent
                outcomes.append(
                    DeviceOutcome(
                        name: subject.name, outcome: .failed, state: now, message: failure.message))
                failures.append(failure)
            case nil: break
            }
        }
        let good = outcomes.filter { $0.outcome == .done }
        return Report(
            text: OutcomeText.rendered(good), members: ["outcomes": outcomes], failures: failures)
    }
}
