internal import ArgumentParser
internal import StatusWire

struct Upgrade: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand devices over to fresh workers of the installed program.",
        discussion: """
            The devices stay in use: their I/O waits a moment and does not fail. They are handed over one after \
            the other, and each is told as it is done. Where one fails, the old program serves it again, the \
            command ends (status 1), and the devices that were not tried are named.

            This holds for recovery = "reissue", and for "fail-inflight" on kernels 7.x. With another setting \
            I/O would fail, so such a device is refused; --force hands it over all the same. A device that is \
            not live is refused too. --all leaves those alone that are stopped or absent: they have no worker.

            --timeout counts for all devices together. --no-wait changes nothing: the next device is not \
            touched before the last one serves. To replace ublkd itself, restart it; devices serve on meanwhile.

            Examples:
              ublkctl upgrade data
              ublkctl upgrade --all --timeout 10min
            """)

    @OptionGroup var which: WhichDevices

    @Flag(help: "Hand over a device too whose recovery mode lets I/O fail.")
    var force = false

    @OptionGroup(title: "Global options") var common: CommonOptions

    func execute(in session: inout Session) throws(Failure) -> Report {
        let devices = try which.resolve(in: &session, verb: "upgrade")
        var outcomes: [DeviceOutcome] = []
        for (index, device) in devices.enumerated() {
            let (outcome, failure) = handOver(device, in: &session)
            outcomes.append(outcome)
            if let failure {
                let rest = devices[(index + 1)...]
                outcomes += rest.map {
                    DeviceOutcome(
                        name: $0.name, outcome: .refused, state: $0.state,
                        message: "not tried, because \(device.name) was not upgraded")
                }
                return Report(
                    members: ["outcomes": outcomes],
                    failures: [Self.naming(rest.map(\.name), in: failure)])
            }
            if !common.json, !common.quiet { session.console.out(OutcomeText.rendered([outcome])) }
        }
        return Report(members: ["outcomes": outcomes])
    }

    /// One device, to its end.
    private func handOver(
        _ device: DeviceSummary, in session: inout Session
    ) -> (outcome: DeviceOutcome, failure: Failure?) {
        if which.all, device.state == .stopped || device.state == .absent {
            return (
                DeviceOutcome(
                    name: device.name, outcome: .unchanged, state: device.state,
                    message: "there is no worker to replace"), nil
            )
        }
        do throws(Failure) {
            let reply = try session.call(
                .upgrade(names: [device.name], force: force), as: OutcomesReply.self, verb: "upgrade")
            guard let outcome = reply.outcomes.first(where: { $0.name == device.name }) else {
                throw Failure(
                    .failed,
                    "upgrade \(device.name): the answer does not say what became of it; see "
                        + "'ublkctl show \(device.name)'", device: device.name)
            }
            switch outcome.outcome {
            case .done, .unchanged: return (outcome, nil)
            case .accepted, .busy, .refused, .failed:
                let why = outcome.message ?? "it is \(outcome.state.rawValue)"
                return (
                    outcome,
                    Failure(
                        .failed, "upgrade \(device.name): \(outcome.outcome.rawValue): \(why)",
                        device: device.name)
                )
            }
        } catch {
            var failure = error
            if failure.device == nil, failure.kind == .notRunning || failure.kind == .timeout {
                // The connection's own words, which know of no device.
                failure.message = "upgrade \(device.name): \(failure.message)"
            }
            failure.device = device.name
            return (
                DeviceOutcome(
                    name: device.name, outcome: .failed, state: device.state, message: failure.message),
                failure
            )
        }
    }

    /// The failure, and which devices were not tried after it.
    private static func naming(_ untried: [String], in failure: Failure) -> Failure {
        guard !untried.isEmpty else { return failure }
        let named = untried.count > 10 ? Array(untried.prefix(8)) : untried
        let more = untried.count - named.count
        var failure = failure
        failure.message +=
            "; not tried: \(named.joined(separator: ", "))" + (more > 0 ? " and \(more) more" : "")
        return failure
    }
}
