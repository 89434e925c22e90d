internal import ArgumentParser
internal import StatusWire

struct Recover: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Recover a device now: its worker, or single queues in place.",
        discussion: """
            Without --queue the worker is replaced by a fresh one, as after its death. This also brings back \
            a device that is failed or held.

            With --queue the backend of these queues is built anew and their requests are replayed, while the \
            device stays live and its other queues notice nothing. A target with nothing to rebuild (null, \
            memory) restarts the queue's bookkeeping, and the answer says so.

            How the I/O in flight fares is the device's setting 'recovery'. The command waits until the \
            device serves again; see --timeout and --no-wait.
            """)

    @Argument(help: ArgumentHelp("The device.", valueName: "name"), completion: .deviceNames)
    var name: String

    @Option(
        name: .customLong("queue"), parsing: .upToNextOption,
        help: ArgumentHelp("These queues only, by index from 0.", valueName: "queue"))
    var queues: [Int] = []

    @OptionGroup(title: "Global options") var common: CommonOptions

    func validate() throws {
        if let wrong = queues.first(where: { $0 < 0 }) {
            throw ValidationError("--queue: \(wrong) is no queue; they count from 0")
        }
    }

    func execute(in session: inout Session) throws(Failure) -> Report {
        let devices = try session.devices(named: [name], verb: "recover")
        guard let device = devices.first else { throw Failure.noSuchDevice(name) }
        let known = device.queues.map(\.index)
        if let wrong = queues.first(where: { !known.contains($0) }), let last = known.max() {
            throw Failure(
                .usage, "recover \(device.name): no queue \(wrong); it has 0 to \(last)", device: device.name)
        }
        return try Change(verb: "recover", goal: .recovered(queues: queues))
            .carryOut(.recover(name: device.name, queues: queues), on: devices, in: &session)
    }
}
