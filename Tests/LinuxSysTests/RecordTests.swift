import BlockABI
import LinuxSys
import Testing

private let workerRequests: [WorkerRequest] = [
    .configure(
        WorkerSpec(
            name: "data",
            target: .file(
                FileTarget(
                    path: "/srv/data.img", size: 1 << 30, create: true, directIO: true,
                    expected: .file(device: 0x801, inode: 12345))),
            readOnly: false, discard: true, queues: 2, queueDepth: 129, maxIO: 512 << 10, lockMemory: true,
            cpus: [[0, 1], [2]], uid: 990, gid: 991)),
    .configure(
        WorkerSpec(
            name: "m", target: .memory(size: 4096), readOnly: true, discard: false, queues: 1, queueDepth: 1,
            maxIO: 4096, lockMemory: false, cpus: [], uid: 0, gid: 0)),
    .configure(
        WorkerSpec(
            name: "f", target: .failing(size: UInt64.max), readOnly: true, discard: false, queues: 64,
            queueDepth: 4096, maxIO: UInt32.max, lockMemory: false, cpus: [[]], uid: 1, gid: 2)),
    .configure(
        WorkerSpec(
            name: "trial",
            target: .file(
                FileTarget(path: "/t", size: nil, create: false, directIO: false, expected: .none)),
            faults: InjectedFaults(
                delay: 3_600_000_000_000, errorShare: InjectedFaults.all, hangEvery: UInt32.max),
            readOnly: false, discard: true, queues: 1, queueDepth: 1, maxIO: 4096, lockMemory: true, cpus: [],
            uid: 1, gid: 1)),
    .configure(
        WorkerSpec(
            name: "", target: .null(size: 512), faults: InjectedFaults(), readOnly: true, discard: false,
            queues: 1, queueDepth: 1, maxIO: 4096, lockMemory: false, cpus: [], uid: 0, gid: 0)),
    .attach(device: 7, fetchNow: true, affinity: [[0], [1, 2, 3]]), .fetch, .probe(UInt64.max),
    .recoverQueue(63), .giveUpQueue(1, .noSuchDevice), .limitRequests(86_400_000), .admit,
]

private let workerReplies: [WorkerReply] = [
    .hello(protocolVersion: 1, pid: 42, build: "0.1.0"),
    .prepared(
        BackendFacts(
            size: 1 << 40, logicalBlock: 4096, identity: .blockDevice(number: 0x10300), directIO: true,
            canDiscard: true, volatileCache: true, warnings: ["no direct I/O: ünï", ""])), .attached,
    .serving,
    .failed(stage: .backendChanged, errno: .inputOutput, what: "another file"), .ended, .ready,
    .queueNeedsBackend(2, .stale), .queueNotRecovered(2, .badDescriptor), .queueRecovered(63),
]

private let agentRequests: [AgentRequest] =
    [
        AgentWork.addDevice(
            DeviceInfo(id: 3, queues: 2, queueDepth: 128, maxIO: 1 << 19, flags: [.userRecovery], cookie: 77)),
        .setParameters(device: 3, parameters: Array(0..<112)), .startDevice(device: 3, serverPID: 44),
        .stopDevice(device: 3), .tryStopDevice(device: 3), .deleteDevice(device: 3),
        .stopUnclaimedDevice(device: 3, node: "/dev/ublkb3"), .syncFileSystem(path: "/srv"),
        .startUserRecovery(device: 3, retryMicroseconds: 500), .endUserRecovery(device: 3, serverPID: -1),
        .filler(device: 3, queues: 64, queueDepth: 4096), .writeAttribute(path: "/sys/x", value: "none"),
        .openAttribute(path: "/sys/x", writable: true),
        .setNodeAccess(path: "/dev/ublkb3", uid: 0, gid: 6, mode: 0o660), .cancel(token: 9),
        .compareBackend(path: "/srv/a", .file(device: 1, inode: 2)),
        .growBackend(path: "/srv/a", .file(device: 1, inode: 2), size: 1 << 40, mayGrow: true),
        .openBackend(
            path: "/dev/sda", .blockDevice(number: 8), size: 1 << 40, readOnly: true, directIO: false),
        .quiesceDevice(device: 3, milliseconds: 5000), .updateSize(device: 3, sectors: 1 << 31),
    ].map { AgentRequest(token: 0x0102_0304_0506_0708, work: $0, deadline: 5000) }

private let agentReplies: [AgentReply] = [
    .hello(protocolVersion: 1, pid: 1), .submitted(token: 5),
    .done(token: 5, result: -16, payload: [1, 2, 3], atNanoseconds: 99),
]

extension LinuxSysTests {
    @Suite struct RecordTests {
        @Test func everyRecordSurvivesTheWay() throws {
            for value in workerRequests { #expect(try WorkerRequest(record: value.record) == value) }
            for value in workerReplies { #expect(try WorkerReply(record: value.record) == value) }
            for value in agentRequests { #expect(try AgentRequest(record: value.record) == value) }
            for value in agentReplies { #expect(try AgentReply(record: value.record) == value) }
        }

        @Test func aCutRecordIsAnErrorAtEveryLength() {
            for record in workerRequests.map(\.record) {
                for n in 0..<record.count {
                    #expect(throws: RecordError.self) { try WorkerRequest(record: Array(record.prefix(n))) }
                }
            }
            for record in workerReplies.map(\.record) {
                for n in 0..<record.count {
                    #expect(throws: RecordError.self) { try WorkerReply(record: Array(record.prefix(n))) }
                }
            }
            for record in agentRequests.map(\.record) {
                for n in 0..<record.count {
                    #expect(throws: RecordError.self) { try AgentRequest(record: Array(record.prefix(n))) }
                }
            }
            for record in agentReplies.map(\.record) {
                for n in 0..<record.count {
                    #expect(throws: RecordError.self) { try AgentReply(record: Array(record.prefix(n))) }
                }
            }
        }

        @Test func moreThanIsKnownIsIgnored() throws {
            for value in agentReplies { #expect(try AgentReply(record: value.record + [1, 2, 3]) == value) }
            for value in workerReplies { #expect(try WorkerReply(record: value.record + [0, 0]) == value) }
        }

        @Test func noRecordOfRandomBytesTraps() {
            var random = SystemRandomNumberGenerator()
            for _ in 0..<20_000 {
                let length = Int.random(in: 0...64, using: &random)
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                if length > 1 { (bytes[0], bytes[1]) = (bytes[0] % 14, 0) }
                _ = try? WorkerRequest(record: bytes)
                _ = try? WorkerReply(record: bytes)
                _ = try? AgentRequest(record: bytes)
                _ = try? AgentReply(record: bytes)
            }
        }

        @Test func aSpoiledByteNeverTraps() {
            for record in workerRequests.map(\.record) + workerReplies.map(\.record) {
                for at in 0..<record.count {
                    var bytes = record
                    bytes[at] = 0xff
                    _ = try? WorkerRequest(record: bytes)
                    _ = try? WorkerReply(record: bytes)
                }
            }
        }
    }
}
