internal import BlockABI

/// One tag while its request is with us. Plain memory, one array a queue, no reference in it.
struct IOSlot {
    var request: IORequest
    /// CLOCK_MONOTONIC of the batch that delivered it.
    var startedNs: UInt64 = 0
    /// Bytes that the backend has done.
    var done: UInt64 = 0
    /// CLOCK_MONOTONIC of the success of its sync.
    var syncedNs: UInt64 = 0
    /// Times that the backend asked to try again.
    var retries: UInt16 = 0
    /// The target's choice of a way, where it has several.
    var way: UInt8 = 0
    /// Step of the target's present submission: with the tag it names the entry, should that be cancelled.
    var step: UInt8 = 0
    var place = Place.driver
    /// Bytes of the tag's buffer, from its start, that requests may have touched since it was given back.
    var touched: UInt32 = 0
    /// Its buffer was given back, and no request came since.
    var isGivenBack = false
    /// It was begun again when its queue got a backend.
    var isReplayed = false

    /// Who has the request.
    enum Place: UInt8 {
        /// Nobody here: the slot's command is with the driver.
        case driver
        /// The target.
        case target
        /// Us: it waits for the queue's backend.
        case parked
    }

    init(request: IORequest) { self.request = request }

    @inline(__always)
    mutating func begin(_ request: IORequest, now: UInt64) {
        self.request = request
        startedNs = now
        done = 0
        retries = 0
        way = 0
        place = .target
        isReplayed = false
    }
}
