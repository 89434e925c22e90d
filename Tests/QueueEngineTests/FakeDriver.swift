import BlockABI
import CUblk

@testable import QueueEngine

/// The ublk driver and the backend's kernel, as seen through a ring: slots, their commands, and whatever a
/// test says the backend answers. When the loop would sleep, the next step of the test runs; after the last
/// one the driver takes every slot back.
final class FakeDriver {
    struct Commit: Equatable {
        let tag: UInt16
        let result: Int32
    }

    let ring: FakeRing
    let descriptors: UnsafeMutablePointer<cu_io_desc>
    /// What the loop does not get to see until the test lets it.
    var steps: [() -> Void] = []
    /// Answer to a submission of the target; nil keeps it open.
    var backend: (io_uring_sqe) -> Int32? = { _ in nil }
    /// Answer to a slot's command instead of parking it.
    var refusal: (_ command: UInt32, _ tag: UInt16) -> Int32? = { _, _ in nil }
    /// Result of the next calls into the kernel, before the real ones.
    var enterResults: [Int32] = []

    /// The driver took the slots back; commands that go in now are never completed.
    var swept = false

    private(set) var commits: [Commit] = []
    private(set) var fetched: [UInt16] = []
    /// Entries taken by the first call.
    private(set) var firstTaken = 0
    /// Submissions of the target that have no answer yet.
    private(set) var open: [io_uring_sqe] = []
    private(set) var buffers: [UInt16: UInt64] = [:]
    /// Entries that the loop wanted to cancel, by their user data; whether that ends them.
    private(set) var cancelled: [UInt64] = []
    var endsWhatIsCancelled = true
    /// Descriptors that took the backend's place, and the answer to the next one.
    private(set) var backends: [Int32] = []
    var replaceResult: Int32 = 1
    private var tick: UInt64?
    private var rest: UInt64?
    private var parked: Set<UInt16> = []
    private var wakeRead: UInt64?
    private var calls = 0

    init(depth: UInt16, entries: UInt32? = nil) {
        ring = FakeRing(entries: entries ?? UInt32(depth) + 16)
        descriptors = .allocate(capacity: Int(depth))
        descriptors.initialize(repeating: cu_io_desc(), count: Int(depth))
    }

    deinit { descriptors.deallocate() }

    func deliver(
        _ operation: Int32, tag: UInt16 = 0, sector: UInt64 = 0, sectors: UInt32 = 8, flags: UInt32 = 0
    ) {
        precondition(parked.remove(tag) != nil, "the driver has no command for tag \(tag)")
        descriptors[Int(tag)].op_flags = UInt32(operation) | flags
        descriptors[Int(tag)].start_sector = sector
        descriptors[Int(tag)].nr_sectors = sectors
        ring.complete(UserData(.slot, tag: tag).rawValue, 0)
    }

    func answer(_ entry: io_uring_sqe, _ result: Int32) {
        open.removeAll { $0.user_data == entry.user_data }
        ring.complete(entry.user_data, result)
    }

    func abort(_ tags: some Sequence<UInt16>) {
        for tag in tags where parked.remove(tag) != nil {
            ring.complete(UserData(.slot, tag: tag).rawValue, CU_IO_RES_ABORT)
        }
    }

    func abortAll() { abort(parked.sorted()) }

    func wake() {
        guard let wakeRead else { return }
        self.wakeRead = nil
        ring.complete(wakeRead, 8)
    }

    /// Time for a look at the age of requests.
    func tickNow() {
        guard let tick else { return }
        self.tick = nil
        ring.complete(tick, -62)
    }

    /// The queue's timeout that looks whether it is at rest is in the ring.
    var isTimingRest: Bool { rest != nil }

    func restNow() {
        guard let rest else { return }
        self.rest = nil
        ring.complete(rest, -62)
    }

    func replaceBackend(by descriptor: Int32) -> Int32 {
        backends.append(descriptor)
        return replaceResult
    }

    func enter(wait: UInt32) -> Int32 {
        calls += 1
        if !enterResults.isEmpty { return enterResults.removeFirst() }
        let taken = ring.take()
        if calls == 1 { firstTaken = taken.count }
        taken.forEach(submit)
        var idle = 0
        while wait > 0, !ring.hasCompletions, idle < 100 {
            idle += 1
            if steps.isEmpty { abortAll() } else { steps.removeFirst()() }
        }
        return Int32(taken.count)
    }

    private func submit(_ entry: io_uring_sqe) {
        let data = UserData(rawValue: entry.user_data)
        switch data.kind {
        case .slot: command(entry, data.tag)
        case .wake: wakeRead = entry.user_data
        case .grace: ring.complete(entry.user_data, -62)
        case .tick: tick = entry.user_data
        case .rest: rest = entry.user_data
        case .cancel:
            ring.complete(entry.user_data, 0)
            cancelled.append(entry.addr)
            if endsWhatIsCancelled, let found = open.first(where: { $0.user_data == entry.addr }) {
                answer(found, -Errno.canceled.rawValue)
            }
        default:
            open.append(entry)
            if let result = backend(entry) { answer(entry, result) }
        }
    }

    private func command(_ entry: io_uring_sqe, _ tag: UInt16) {
        var entry = entry
        let command = withUnsafeMutablePointer(to: &entry) {
            $0.withMemoryRebound(to: UInt8.self, capacity: 64) { bytes in
                UnsafeRawPointer(bytes + 48).loadUnaligned(as: cu_io_cmd.self)
            }
        }
        buffers[tag] = command.addr
        let operation = UInt32(truncatingIfNeeded: entry.off)
        if let refused = refusal(operation, tag) { return ring.complete(entry.user_data, refused) }
        if operation == CU_IO_FETCH_REQ {
            fetched.append(command.tag)
        } else {
            commits.append(Commit(tag: command.tag, result: command.result))
        }
        if !swept { parked.insert(command.tag) }
    }
}

/// The seam: the loop enters the test instead of the kernel.
struct FakeEnter: Enter, ~Copyable {
    let driver: FakeDriver

    mutating func enter(_ ring: UnsafeMutablePointer<io_uring>, wait: UInt32) -> Int32 {
        driver.enter(wait: wait)
    }

    mutating func replaceBackend(_ ring: UnsafeMutablePointer<io_uring>, by descriptor: Int32) -> Int32 {
        driver.replaceBackend(by: descriptor)
    }
}
