import DevicePolicy
import StatusWire

/// An event before it has a number and a time.
struct EventDraft: Equatable {
    var kind: EventRecord.Kind
    var message: String
    var cause: StatusWire.RecoveryCause?
    /// Seconds.
    var downtimeSeconds: Double?

    init(
        _ kind: EventRecord.Kind, _ message: String, cause: StatusWire.RecoveryCause? = nil,
        downtimeSeconds: Double? = nil
    ) {
        self.kind = kind
        self.message = message
        self.cause = cause
        self.downtimeSeconds = downtimeSeconds
    }

    /// What is worth an event when a device's policy has taken one step: the only place that decides it.
    ///
    /// - Parameters:
    ///   - happening: what policy was told.
    ///   - effects: what it asked for.
    ///   - before, after: what a user saw of the device, and sees.
    ///   - recovery: the recovery under way, if one is.
    static func derived(
        from happening: DeviceEvent, effects: [DeviceEffect], before: VisibleState, after: VisibleState,
        recovery: RecoveryRecord?
    ) -> [EventDraft] {
        var isAdoption = false
        if case .adopt = happening { isAdoption = true }
        var drafts: [EventDraft] = []
        var saysLive = false
        for effect in effects {
            switch effect {
            case .deviceAdded(let id):
                drafts.append(
                    isAdoption
                        ? EventDraft(.adopted, "ublkb\(id) is of an earlier ublkd and was taken over")
                        : EventDraft(.added, "the kernel made ublkb\(id)"))
            case .becameLive(nil):
                saysLive = true
                drafts.append(EventDraft(.live, isAdoption ? "its worker goes on serving" : "it serves"))
            case .becameLive(let record?):
                saysLive = true
                // Served by the target that answers EIO, it did not recover: its state tells.
                if after.state != .failed { drafts.append(recovered(record)) }
            case .removed:
                drafts.append(EventDraft(.removed, "it is no longer configured, and its disk is gone"))
            default: break
            }
        }
        if let draft = stateDraft(before, after, recovery), !(saysLive && draft.kind == .live) {
            drafts.append(draft)
        }
        return drafts
    }

    private static func recovered(_ record: RecoveryRecord) -> EventDraft {
        let cause = record.cause.wire
        let downtime = record.live.map { live in
            Double(Int64(clamping: live.nanoseconds) - Int64(clamping: record.detected.nanoseconds)) / 1e9
        }
        let span = downtime.map { ", \(Int(($0 * 1000).rounded())) ms without service" } ?? ""
        return EventDraft(
            .recovered, "recovered after \(cause.rawValue)\(span)", cause: cause, downtimeSeconds: downtime)
    }

    /// A new state, or a new reason for the same one; a state's kind is its word.
    private static func stateDraft(
        _ before: VisibleState, _ after: VisibleState, _ recovery: RecoveryRecord?
    ) -> EventDraft? {
        let hasNewReason = after.reason != before.reason && after.reason != .none
        guard after.state != before.state || hasNewReason,
            let kind = EventRecord.Kind(rawValue: after.state.rawValue)
        else { return nil }
        var words: [String] = []
        if after.reason != .none { words.append("(\(after.reason.wire.rawValue))") }
        if !after.message.isEmpty { words.append(after.message) }
        let cause = kind == .recovering ? recovery?.cause.wire : nil
        let sentence = words.isEmpty ? plain(kind, cause) : words.joined(separator: " ")
        return EventDraft(kind, sentence, cause: cause)
    }

    /// For a state that policy has nothing to say about.
    private static func plain(_ kind: EventRecord.Kind, _ cause: StatusWire.RecoveryCause?) -> String {
        switch kind {
        case .starting: "a worker is on its way"
        case .live: "it serves"
        case .recovering: "its worker is lost (\(cause?.rawValue ?? "unknown")); a new one is on its way"
        case .stopping: "its disk is being taken away"
        default: "it is \(kind.rawValue)"
        }
    }
}
