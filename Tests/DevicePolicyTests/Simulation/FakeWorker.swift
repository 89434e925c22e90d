import DevicePolicy

/// A worker process as the kernel has it, whatever ublkd was told.
struct FakeWorker {
    enum Task: Equatable {
        case idle
        case prepare
        /// Everything but the backend.
        case makeReady
        /// Open and map ublkcN; with `fetchNow` the FETCHes follow.
        case attach(fetchNow: Bool)
        case fetch
    }

    let ref: WorkerRef
    var task = Task.idle
    /// It holds the backend.
    var isConfigured = false
    /// It opens no backend and answers every request with EIO.
    var answersErrors = false
    var isServing = false
    var isAlive = true
    /// Its end was told to ublkd.
    var isTold = false
    /// SIGKILL was sent, or it leaves by itself.
    var isLeaving = false
    var wasKilled = false
    /// In D state: no signal ends it for now.
    var isStuck = false
    /// Its queue threads answer nothing.
    var isWedged = false
    /// Its present task never comes to an end.
    var hangs = false
    var hasServed = false
    /// What it said and nobody has read yet.
    var mail: [DeviceEvent] = []
}
