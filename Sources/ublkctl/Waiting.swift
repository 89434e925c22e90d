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
        var latest: [String: DeviceSummary] = [:]
        var hasAnswered = false
        while true {
            do throws(Failure) {
                let devices = try session.devices(verb: verb)
                latest = Dictionary(devices.map { ($0.name, $0) }) { first, _ in first }
            } catch {
                let pending = subjects.filter { results[$0.name] == nil }
                if error.kind == .timeout, hasAnswered {
                    for subject in pending {
                        let device = latest[subject.name]
                        results[subject.name] = .missed(device, outOfTime(subject, device, session))
                    }
                    return results
                }
                guard !once, error.kind == .notRunning, !session.deadline.hasPassed else {
                    for subject in pending { results[subject.name] = .missed(latest[subject.name], error) }
                    return results
                }
                session.pause(milliseconds: 50)
                continue
            }
            hasAnswered = true

            for subject in subjects where results[subject.name] == nil {
                let device = latest[subject.name]
                switch subject.goal.verdict(device, before: subject.before) {
                case .met: results[subject.name] = .met(device)
                case .missed: results[subject.name] = .missed(device, missed(subject, device))
                case .notYet where once: results[subject.name] = .missed(device, missed(subject, device))
                case .notYet:
                    guard session.deadline.hasPassed else { continue }
                    results[subject.name] = .missed(device, outOfTime(subject, device, session))
                }
            }
            if results.count == Set(subjects.map(\.name)).count { return results }
            session.pause(milliseconds: 50)
        }
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
            "\(verb) \(subject.name): \(now) after \(session.options.timeout), not \(subject.goal.wanted); "
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
