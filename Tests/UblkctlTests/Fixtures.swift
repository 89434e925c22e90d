import StatusWire
import Synchronization

@testable import ublkctl

enum Fixtures {
    static let start = Timestamp(seconds: 1_785_587_696)
    /// Three minutes later.
    static let now = Timestamp(seconds: 1_785_587_876)

    static let host = HostStatus(
        version: "0.1.0", pid: 77, startedAt: start, instance: "default", configState: .current,
        kernel: KernelSummary(release: "7.3.4", features: 0x1f_ffff, family: "modern"), counts: [.live: 1])

    static func device(
        _ name: String, id: Int? = nil, _ state: DeviceState = .live, reason: DeviceReason = .none,
        message: String = "", since: Timestamp = start, recoveries: UInt64 = 0, queues: [QueueSummary] = [],
        owner: DeviceOwner = .ours
    ) -> DeviceSummary {
        DeviceSummary(
            name: name, id: id, node: id.map { "/dev/ublkb\($0)" }, state: state, reason: reason,
            message: message, since: since, kernelState: state.serves ? .live : nil,
            workerPid: state.serves ? 4242 : nil, target: "file", size: 1 << 30, recoveries: recoveries,
            queues: queues, owner: owner)
    }
}

extension Fixtures {
    static let events = [
        EventRecord(
            seq: 7, time: start, kind: .gap, message: "7 earlier events are not kept any more", lost: 7),
        EventRecord(
            seq: 8, time: start, device: "data", kind: .recovering,
            message: "its worker is lost (signal:9); a new one is on its way", cause: .signal(9),
            scope: .worker),
        EventRecord(
            seq: 9, time: now, device: "data", kind: .recovered,
            message: "recovered after signal:9, 52 ms without service", cause: .signal(9), scope: .worker,
            downtimeSeconds: 0.052),
    ]

    static let orphan = ForeignDevice(
        id: 3, node: "/dev/ublkb3", owner: .orphan, kernelState: .live, serverPid: 99, size: 1 << 20,
        queues: 1,
        message: "no configuration names it")
}

/// What one run of ublkctl left behind.
struct Run {
    let status: Int32
    let out: String
    let error: String

    init(_ arguments: [String], columns: Int? = nil, isTerminal: Bool = false) {
        let out = Sink()
        let error = Sink()
        let console = Console(
            columns: columns, isTerminal: isTerminal, now: { Fixtures.now }, out: { out.write($0) },
            error: { error.write($0) })
        status = Program.run(arguments: arguments, console: console)
        self.out = out.text
        self.error = error.text
    }

    private final class Sink {
        var text = ""
        func write(_ more: String) -> Bool {
            text += more
            return true
        }
    }
}
