/// How far a queue is with building its backend anew, while its device stays live.
///
/// Invariant: the new backend is taken on only when nothing is below any more, so that no write of the old one
/// lands after one of the new one.
struct QueueRepair {
    enum Stage: UInt8 {
        case none
        /// What was below was cancelled; its end is waited for. Nothing new goes there.
        case draining
        /// Nothing is below; a backend is waited for.
        case waiting
    }
    /// What the supervisor wants, once nothing is below.
    enum Offer {
        case none
        /// Another backend; -1: the same one.
        case backend(Int32)
        /// There is none: -errno is the answer to what waits.
        case giveUp(Int32)
    }

    var stage = Stage.none
    var offer = Offer.none
    /// Requests that are with the target, counted while draining.
    var below: UInt32 = 0
    /// No backend was to be had: until there is one, errors that ask for it are the answers.
    var isGivenUp = false
    /// The next look at the age of requests is in the ring.
    var isTicking = false
}
