/// Cuts a byte stream into Varlink messages: each is JSON text closed by one NUL byte (which JSON itself
/// cannot contain).
///
/// Every byte is looked at once and moved at most twice, however the stream is cut up. The decoder
/// holds what was appended and not yet taken; a server bounds that by taking the messages of each read
/// before it reads on.
public struct FrameDecoder: Sendable {
    /// Longest message a server of ours accepts, in bytes: calls are small.
    public static var callLimit: Int { 64 * 1024 }
    /// Longest message a client of ours accepts, in bytes: some thousand devices with all their queues.
    public static var replyLimit: Int { 64 * 1024 * 1024 }

    private let limit: Int
    private var buffer: [UInt8] = []
    /// First byte of the current message.
    private var start = 0
    /// First byte not yet searched for the NUL.
    private var searched = 0
    private var failure: FrameError?

    /// - Parameter limit: longest message in bytes, the NUL not counted.
    public init(limit: Int = FrameDecoder.callLimit) {
        self.limit = limit
    }

    /// Bytes appended and not yet taken as a message.
    public var pendingBytes: Int { buffer.count - start }

    public mutating func append(_ bytes: some Sequence<UInt8>) {
        guard failure == nil else { return }
        // Dropping the taken prefix only when it is the larger half keeps the moving linear.
        if start > buffer.count / 2 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message without its NUL, or nil when more bytes are needed.
    ///
    /// - Throws: `FrameError.tooLong`, and then at every further call.
    public mutating func next() throws(FrameError) -> [UInt8]? {
        if let failure { throw failure }
        while searched < buffer.count {
            if buffer[searched] == 0 {
                let message = Array(buffer[start..<searched])
                searched += 1
                start = searched
                return message
            }
            searched += 1
            if searched - start > limit {
                let error = FrameError.tooLong(limit: limit)
                failure = error
                buffer = []
                start = 0
                searched = 0
                throw error
            }
        }
        return nil
    }
}
