internal import BlockABI
internal import CUblk

/// What a target made of a request so far.
enum Step {
    /// A submission is under way; its completion comes back to `advance`.
    case pending
    /// The request is over: its full byte count for READ and WRITE, 0 for the others, or -errno.
    case done(Int32)
    /// The backend has to be opened anew before the request can be tried again; -errno says why.
    case reopen(Int32)
}

/// What serves a queue's requests. The loop is generic over it and is compiled once for each, so nothing here
/// is dispatched at run time. A target belongs to one queue thread and never waits in it. It notes the step of each
/// submission in the slot: the loop may cancel it, and the request then begins again from its start.
protocol Target: ~Copyable {
    /// A request arrived. READ and WRITE are within the device and fit the buffer; everything else has been
    /// refused by the loop.
    mutating func begin<E: Enter & ~Copyable>(
        _ tag: UInt16, _ slot: UnsafeMutablePointer<IOSlot>, _ buffer: UnsafeMutableRawPointer,
        _ submissions: inout Submissions<E>
    ) -> Step

    /// The completion of this tag's submission of `step`: bytes or -errno.
    mutating func advance<E: Enter & ~Copyable>(
        _ tag: UInt16, step: UInt8, result: Int32, _ slot: UnsafeMutablePointer<IOSlot>,
        _ buffer: UnsafeMutableRawPointer, _ submissions: inout Submissions<E>
    ) -> Step

    /// The queue goes on with a backend that was opened anew and checked.
    mutating func backendReplaced()

    /// A submission of `step` ended with -errno, and its request begins again once the queue has its new backend.
    func cameToNothing(_ step: UInt8, _ result: Int32, _ request: IORequest)

    /// A request of this tag is over without having been here.
    mutating func passedBy(_ tag: UInt16)

    /// There is no such backend; this request waited for it. True: the one at hand will do for it.
    func stillServes(_ request: IORequest) -> Bool
}

extension Target where Self: ~Copyable {
    mutating func backendReplaced() {}
    mutating func passedBy(_ tag: UInt16) {}
    func cameToNothing(_ step: UInt8, _ result: Int32, _ request: IORequest) {}
    func stillServes(_ request: IORequest) -> Bool { false }
}

extension Step {
    /// The ring takes nothing any more; the commit of this answer will find that too, and the loop ends.
    static var ringLost: Step { .done(-5) }

    /// Success of the whole request.
    @inline(__always)
    static func whole(_ request: IORequest) -> Step {
        .done(request.operation.hasData ? Int32(truncatingIfNeeded: request.length) : 0)
    }
}
