internal import StatusWire

/// One request that changes devices, carried through: ask, then wait for those that were accepted.
struct Change {
    let verb: String
    let goal: Goal
    var forceHelps = false

    /// - Parameter devices: the devices asked for, as they were before.
    func carryOut(
        _ request: Request, on devices: [DeviceSummary], in session: inout Session
    ) throws(Failure) -> Report {
        var outcomes = try session.call(
            request, as: OutcomesReply.self, verb: verb, forceHelps: forceHelps
        ).outcomes
        var failures: [String: Failure] = [:]
        var waited: [Waiting.Subject] = []

        for outcome in outcomes {
            switch outcome.outcome {
            case .done, .unchanged: break
            case .accepted:
                let before = devices.first { $0.name == outcome.name }
                waited.append(Waiting.Subject(name: outcome.name, goal: goal, before: before))
            case .busy:
                failures[outcome.name] = .busy(
                    outcome.name, outcome.holders ?? [], verb: verb, forceHelps: forceHelps)
            case .refused, .failed:
                let why = outcome.message ?? "it is \(outcome.state.rawValue)"
                failures[outcome.name] = Failure(
                    .failed, "\(verb) \(outcome.name): \(outcome.outcome.rawValue): \(why)",
                    device: outcome.name)
            }
        }

        if !session.options.noWait, !waited.isEmpty {
            let results = Waiting(verb: verb).until(waited, in: &session)
            outcomes = outcomes.map { outcome in
                var outcome = outcome
                switch results[outcome.name] {
                case .met(let device):
                    outcome.outcome = .done
                    outcome.state = device?.state ?? .absent
                case .missed(let device, let failure):
                    outcome.outcome = .failed
                    outcome.state = device?.state ?? outcome.state
                    outcome.message = failure.message
                    failures[outcome.name] = failure
                case nil: break
                }
                return outcome
            }
        }

        let silent = Set(failures.keys)
        return Report(
            text: OutcomeText.rendered(outcomes.filter { !silent.contains($0.name) }),
            members: ["outcomes": outcomes], failures: outcomes.compactMap { failures[$0.name] })
    }
}
