internal import BlockABI
internal import CSystemd

/// One thing that the loop watches. Letting go of it ends the watching; a handler may let go of its own.
public final class Source {
    enum Handler {
        case io((IOEvents) -> Void)
        case plain(() -> Void)
    }

    /// Keeps the handler alive for sd-event, which releases it when it lets go of the source.
    private final class Box {
        let handler: Handler
        init(_ handler: Handler) { self.handler = handler }
    }

    private let raw: OpaquePointer

    init(
        priority: Priority, handler: Handler,
        add: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutableRawPointer) -> Int32
    ) throws(Errno) {
        let box = Unmanaged.passRetained(Box(handler))
        var made: OpaquePointer?
        let result = add(&made, box.toOpaque())
        guard result >= 0, let made else {
            box.release()
            throw Errno(result < 0 ? -result : Errno.noMemory.rawValue)
        }
        raw = made
        sd_event_source_set_destroy_callback(made) { context in
            if let context { Unmanaged<Box>.fromOpaque(context).release() }
        }
        sd_event_source_set_priority(made, priority.rawValue)
        // An error in one handler must not end the loop; none of ours returns one.
        sd_event_source_set_exit_on_failure(made, 0)
    }

    deinit { sd_event_source_disable_unref(raw) }

    /// A source that is not enabled stays, and its handler is not called (sd_event_source_set_enabled(3)).
    public func enable(_ isEnabled: Bool) {
        sd_event_source_set_enabled(raw, Int32(isEnabled ? SD_EVENT_ON : SD_EVENT_OFF))
    }

    /// The handler behind a callback's context. The copy keeps it alive even if it ends its own source.
    static func handler(_ context: UnsafeMutableRawPointer?) -> Handler? {
        guard let context else { return nil }
        return Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().handler
    }
}
