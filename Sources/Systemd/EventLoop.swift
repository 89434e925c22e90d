public import BlockABI
internal import CSystemd

/// What a descriptor is watched for, and what became of it (epoll's bits).
public struct IOEvents: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var readable: Self { Self(rawValue: EPOLLIN.rawValue) }
    public static var writable: Self { Self(rawValue: EPOLLOUT.rawValue) }
    public static var hangUp: Self { Self(rawValue: EPOLLHUP.rawValue) }
    public static var error: Self { Self(rawValue: EPOLLERR.rawValue) }
}

/// Which of several ready sources is served first.
public enum Priority: Int64, Sendable {
    /// Deaths of workers.
    case first = -100
    /// Everything else: timers, replies of workers and agents, clients. Among equals sd-event serves in turn; behind
    /// clients that never stop asking a timer would never fire.
    case normal = 0
}

/// The program's one event loop (sd-event(3)): descriptors, timers and signals, all on
/// the thread that runs it.
public final class EventLoop {
    private let raw: OpaquePointer

    public init() throws(Errno) {
        var made: OpaquePointer?
        try Errno.check(sd_event_new(&made))
        guard let made else { throw Errno.noMemory }
        raw = made
    }

    deinit { sd_event_unref(raw) }

    /// Calls `handler` whenever `fd` has one of `events`, as long as the source lives. The descriptor stays
    /// the caller's and must outlive the source.
    public func addIO(
        _ fd: Int32, events: IOEvents, priority: Priority = .normal,
        handler: @escaping (IOEvents) -> Void
    ) throws(Errno) -> Source {
        try Source(priority: priority, handler: .io(handler)) { source, context in
            sd_event_add_io(
                raw, source, fd, events.rawValue,
                { _, _, revents, context in
                    if case .io(let body)? = Source.handler(context) { body(IOEvents(rawValue: revents)) }
                    return 0
                }, context)
        }
    }

    /// Calls `handler` once, at a time of CLOCK_MONOTONIC.
    public func addTimer(
        atNanoseconds at: UInt64, handler: @escaping () -> Void
    ) throws(Errno) -> Source {
        try Source(priority: .normal, handler: .plain(handler)) { source, context in
            sd_event_add_time(
                raw, source, CLOCK_MONOTONIC, at / 1000, 100,
                { _, _, context in
                    if case .plain(let body)? = Source.handler(context) { body() }
                    return 0
                }, context)
        }
    }

    /// Calls `handler` once, `afterMilliseconds` from now.
    public func addTimer(
        afterMilliseconds: UInt64, handler: @escaping () -> Void
    ) throws(Errno) -> Source {
        var now: UInt64 = 0
        // The time of this turn of the loop is not good enough: a turn may have taken long.
        var clock = timespec()
        if clock_gettime(CLOCK_MONOTONIC, &clock) == 0 {
            now = UInt64(clock.tv_sec) * 1_000_000_000 + UInt64(clock.tv_nsec)
        }
        let (delay, overflow) = afterMilliseconds.multipliedReportingOverflow(by: 1_000_000)
        return try addTimer(
            atNanoseconds: now.addingReportingOverflow(overflow ? 0 : delay).partialValue, handler: handler)
    }

    /// Blocks the signal for this thread and calls `handler` for each one that arrives.
    public func addSignal(_ number: Int32, handler: @escaping () -> Void) throws(Errno) -> Source {
        // SD_EVENT_SIGNAL_PROCMASK: sd-event blocks the signal itself.
        try Source(priority: .normal, handler: .plain(handler)) { source, context in
            sd_event_add_signal(
                raw, source, number | (1 << 30),
                { _, _, context in
                    if case .plain(let body)? = Source.handler(context) { body() }
                    return 0
                }, context)
        }
    }

    /// Serves events until `exit`.
    public func run() throws(Errno) { try Errno.check(sd_event_loop(raw)) }

    /// Serves what is ready, waiting at most `milliseconds`. False: nothing happened.
    @discardableResult
    public func runOnce(milliseconds: UInt64) throws(Errno) -> Bool {
        try Errno.check(sd_event_run(raw, milliseconds * 1000)) > 0
    }

    public func exit() { sd_event_exit(raw, 0) }
}
