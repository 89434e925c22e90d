internal import StatusWire

/// Waits until devices are as asked, by asking ublkd every 50 ms. A ublkd that restarts meanwhile is waited
/// for as well: its devices stay, and so does the wish.
struct Waiting {
    struct Subject {
        let name: String
        let goal: Goal
        let before: DeviceSummary?
    }

    /// What became of one device.
    enum Result {
        case met(DeviceSummary?)
        case missed(DeviceSummary?, Failure)
    }

    let verb: String
    /// Looks once instead of waiting.
    var once = false

    /// - Returns: a result for each subject, by name.
    func until(_ subjects: [Subject], in session: inout Session) -> [String: Result] {
        var results: [String: Result] = [:]
        var latest: [String: DeviceSummary]?
        while true {
            var failure: Failure?
            do throws(Failure) {
                let devices = try session.devices(verb: verb)
                latest = Dictionary(devices.map { ($0.name, $0) }) { first, _ in first }
            } catch {
                failure = error
            }
            for subject in subjects where results[subject.name] == nil {
                let device = latest?[subject.name]
                if let failure {
                    results[subject.name] = self.result(
                        subject, device, failure, hasAnswered: latest != nil, session)
                } else {
                    results[subject.name] = self.result(subject, device, session)
                }
            }
            if subjects.allSatisfy({ results[$0.name] != nil }) { return results }
            session.pause(milliseconds: 50)
        }
    }

    /// What an answer means for one device; nil: not decided yet.
    private func result(_ subject: Subject, _ device: DeviceSummary?, _ session: Session) -> Result? {
        switch subject.goal.verdict(device, before: subject.before) {
        case .met: .met(device)
        case .missed: .missed(device, missed(subject, device))
        case .notYet where once: .missed(device, missed(subject, device))
        case .notYet where session.deadline.hasPassed:
            .missed(device, outOfTime(subject, device, session))
        case .notYet: nil
        }
    }

    /// What it means that there was no answer; nil: that ublkd may come back.
    private func result(
        _ subject: Subject, _ device: DeviceSummary?, _ failure: Failure, hasAnswered: Bool,
        _ session: Session
    ) -> Result? {
        if failure.kind == .timeout, hasAnswered {
            return .missed(device, outOfTime(subject, device, session))
        }
        let mayComeBack = failure.kind == .notRunning && !once && !session.deadline.hasPassed
        return mayComeBack ? nil : .missed(device, failure)
    }

    private func missed(_ subject: Subject, _ device: DeviceSummary?) -> Failure {
        guard let device else {
            return Failure(
                .noSuchDevice, "\(verb) \(subject.name): ublkd does not know this device any more",
                device: subject.name)
        }
        return Failure(
            .failed,
            "\(verb) \(subject.name): it is \(standing(device)) and not \(subject.goal.wanted); "
                + "'ublkctl show \(subject.name)' tells more", device: subject.name)
    }

    private func outOfTime(_ subject: Subject, _ device: DeviceSummary?, _ session: Session) -> Failure {
        let now = device.map { "still \(standing($0))" } ?? "not known to ublkd"
        return Failure(
            .timeout,
            "\(verb) \(subject.name): \(now) after \(session.options.limit), not \(subject.goal.wanted); "
                + "it goes on without this command; --timeout waits longer", device: subject.name)
    }

    /// The state, and in brackets why.
    private func standing(_ device: DeviceSummary) -> String {
        var why: [String] = []
        if device.reason != .none { why.append(device.reason.rawValue) }
        if !device.message.isEmpty { why.append(device.message) }
        return device.state.rawValue + (why.isEmpty ? "" : " (\(why.joined(separator: ": ")))")
    }
}
