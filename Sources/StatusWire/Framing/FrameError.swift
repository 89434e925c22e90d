/// Why a byte stream cannot be read as Varlink any more. The connection is to be closed: there is no way
/// to find the next message.
public enum FrameError: Error, Sendable, Equatable {
    /// A message ran past the limit (bytes, the closing NUL not counted) before its end came.
    case tooLong(limit: Int)
}
