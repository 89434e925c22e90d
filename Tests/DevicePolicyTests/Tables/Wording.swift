import DevicePolicy

// Effects and states in the few words that the tables use.
extension DeviceEffect {
    /// `W`: the worker that the machine had when the event came, `X`: a stranger.
    func words(own: WorkerRef) -> String? {
        switch self {
        case .log: nil
        case .takeWorker: "take"
        case .configure(let id, let failing): "configure \(id.name(own))\(failing ? " failing" : "")"
        case .attach(let id, _, let fetchNow): "attach \(id.name(own))\(fetchNow ? " and fetch" : "")"
        case .fetch(let id): "fetch \(id.name(own))"
        case .probe(let id): "probe \(id.name(own))"
        case .probeQueues(let id): "probe queues of \(id.name(own))"
        case .takeNewProgram: "take new program"
        case .configureBeside(let id): "configure \(id.name(own)) beside"
        case .admit(let id): "admit \(id.name(own))"
        case .rollBackProgram: "roll back"
        case .programProven: "proven"
        case .handOverEnded(let failure): failure == nil ? "handed over" : "not handed over"
        case .openBackend(let queue): "open for \(queue)"
        case .recoverQueue(_, let queue): "recover queue \(queue)"
        case .giveUpQueue(_, let queue, _): "give up queue \(queue)"
        case .queueRecovered(let queue): "queue \(queue) recovered"
        case .queueNotRecovered(let queue, _): "queue \(queue) not recovered"
        case .kill(let id): "kill \(id.name(own))"
        case .control(let step): step.words
        case .cancelControl(let step): "cancel \(step.words)"
        case .queryDevice: "query"
        case .findHolders: "holders"
        case .requestSlot: "ask slot"
        case .releaseSlot: "free slot"
        case .arm(let timer, _): "+\(timer)"
        case .disarm(let timer): "-\(timer)"
        case .deviceAdded: "added"
        case .deviceDeleted: "deleted"
        case .becameLive: "became live"
        case .resized: "resized"
        case .stopRefused: "refused"
        case .removed: "removed"
        }
    }
}

extension WorkerID {
    fileprivate func name(_ own: WorkerRef) -> String {
        self == own.id ? "W" : self == Arrival.stranger.id ? "X" : "worker \(rawValue)"
    }
}

extension [DeviceEffect] {
    /// What is done, and which timers run on: disarming says nothing that a reader has to know.
    func words(own: WorkerRef) -> String {
        compactMap { $0.words(own: own) }.filter { !$0.hasPrefix("-") }.joined(separator: ", ")
    }
}

extension VisibleState {
    var words: String { reason == .none ? state.rawValue : "\(state.rawValue) (\(reason))" }
}
