/// What one look at a queue's block of the status page found.
public struct QueueSample: Sendable, Equatable {
    /// Requests that are with the worker.
    public var inflight: UInt32
    /// Requests completed so far, failed ones included.
    public var completed: UInt64
    /// The queue's thread has answered the last probe.
    public var answeredProbe: Bool
    /// The queue waits for its backend to be built anew, or that failed.
    public var recovery: QueueRecoveryState

    public init(
        inflight: UInt32, completed: UInt64, answeredProbe: Bool, recovery: QueueRecoveryState = .none
    ) {
        self.inflight = inflight
        self.completed = completed
        self.answeredProbe = answeredProbe
        self.recovery = recovery
    }
}

public enum QueueRecoveryState: Sendable, Equatable { case none, recovering, failed }

/// Tells a queue thread that is stuck from a backend that is slow.
///
/// A queue is suspected when I/O is in flight and it completed nothing for a quarter of the limit; then its
/// thread is probed. A thread that answers is alive, however long its backend takes. One that gives no sign of
/// life for the whole limit is stalled. Time in which nobody looked (ublkd itself was paused) does not count.
public struct StallWatch: Sendable {
    public enum Verdict: Sendable, Equatable { case serving, slow, stalled }
    public enum Finding: Sendable, Equatable {
        case fine
        /// Some queue is suspected and no probe is under way.
        case probe
        /// These queues give no sign of life.
        case stalled([Int])
    }

    private struct Watched: Sendable {
        var completed: UInt64
        /// Last completion seen, or the moment from which there was something to complete.
        var progress: Instant
        /// Last sign of life: progress, or an answer.
        var sign: Instant
        var verdict = Verdict.serving
    }

    public init() {}

    private var queues: [Watched] = []
    private var lastLook: Instant?
    private var probeIsOut = false

    /// Milliseconds between two looks where `limit` is the stall timeout.
    public static func interval(_ limit: UInt64) -> UInt64 { min(max(limit / 8, 20), 1_000) }

    public var verdicts: [Verdict] { queues.map(\.verdict) }

    /// `diskInflight`: requests that the kernel has begun on the whole disk; those that no thread has taken yet are
    /// in no queue's own count.
    public mutating func look(
        _ samples: [QueueSample], diskInflight: Int, limit: UInt64, at now: Instant
    ) -> Finding {
        let gap = lastLook.map { now.milliseconds(since: $0) } ?? 0
        lastLook = now
        if queues.count != samples.count {
            probeIsOut = false
            queues = samples.map { Watched(completed: $0.completed, progress: now, sign: now) }
            return .fine
        }
        let interval = Self.interval(limit)
        if gap > 2 * interval { forgive(milliseconds: gap - interval, limit: limit, at: now) }
        let answered = probeIsOut && samples.allSatisfy(\.answeredProbe)
        var isSuspicious = false
        var stalled: [Int] = []
        for (index, sample) in samples.enumerated() {
            var queue = queues[index]
            let isBusy = sample.inflight > 0 || diskInflight > 0
            if !isBusy || sample.completed != queue.completed {
                queue.progress = now
                queue.sign = now
            } else if probeIsOut && sample.answeredProbe {
                queue.sign = now
            }
            queue.completed = sample.completed
            let quiet = now.milliseconds(since: queue.progress)
            let silent = now.milliseconds(since: queue.sign)
            if probeIsOut && !sample.answeredProbe && silent >= limit {
                queue.verdict = .stalled
                stalled.append(index)
            } else {
                queue.verdict = sample.inflight > 0 && quiet >= limit / 4 ? .slow : .serving
            }
            if silent >= limit / 4 { isSuspicious = true }
            queues[index] = queue
        }
        if !stalled.isEmpty { return .stalled(stalled) }
        if answered { probeIsOut = false }
        guard isSuspicious, !probeIsOut else { return .fine }
        probeIsOut = true
        return .probe
    }

    /// Time in which nobody looked counts against nobody, and a quarter of the limit is left in any case.
    private mutating func forgive(milliseconds: UInt64, limit: UInt64, at now: Instant) {
        for index in queues.indices {
            let silent = now.milliseconds(since: queues[index].sign)
            let counted = min(silent > milliseconds ? silent - milliseconds : 0, limit / 4 * 3)
            queues[index].sign = queues[index].sign.adding(milliseconds: silent - counted)
            queues[index].progress = max(queues[index].progress, queues[index].sign)
        }
    }
}
