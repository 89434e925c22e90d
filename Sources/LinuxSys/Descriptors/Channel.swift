public import BlockABI
internal import CUblk

/// The two ends of a fresh channel, close-on-exec both.
@frozen public struct ChannelPair: ~Copyable {
    public let ours: Fd
    public let theirs: Fd

    public init(ours: consuming Fd, theirs: consuming Fd) {
        self.ours = ours
        self.theirs = theirs
    }
}

/// What `receive` found.
public enum Incoming: Equatable, Sendable {
    /// One record. The descriptors belong to the receiver, who closes them.
    case record([UInt8], descriptors: [Int32])
    /// Nothing is there now.
    case wouldBlock
    /// The peer is gone and everything it sent was read.
    case closed
}

/// One end of a SOCK_SEQPACKET socket: whole records, with descriptors.
public struct Channel: ~Copyable {
    public let fd: Fd

    public init(_ fd: consuming Fd) { self.fd = fd }

    /// False for a descriptor of something else.
    public static func isOne(_ fd: borrowing Fd) -> Bool { cu_is_record_socket(fd.raw) == 1 }

    /// Gives the descriptor back.
    public consuming func release() -> Fd { fd }

    public static func pair() throws(Errno) -> ChannelPair {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            cu_channel_pair(bytes.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        try Errno.check(result)
        return ChannelPair(ours: Fd(owning: ends.0), theirs: Fd(owning: ends.1))
    }

    /// Sends one record. The descriptors are lent: the peer gets duplicates.
    ///
    /// `wait` false never blocks: a full socket is EAGAIN. EPIPE: the peer is gone (no signal is raised).
    /// EMSGSIZE: the record is larger than the socket's buffer takes.
    public borrowing func send(_ record: [UInt8], descriptors: [Int32] = [], wait: Bool = false) throws(Errno)
    {
        try Errno.check(
            cu_channel_send(
                fd.raw, record, record.count, descriptors, UInt32(descriptors.count), wait ? 1 : 0))
    }

    /// The next record. EMSGSIZE: it was larger than `ChildProtocol.maxRecord`, or brought more than 16
    /// descriptors; it is gone and its descriptors are closed.
    public borrowing func receive(wait: Bool) throws(Errno) -> Incoming {
        let raw = fd.raw
        var descriptors = [Int32](repeating: -1, count: Int(CU_MAX_FDS))
        var descriptorCount: UInt32 = 0
        // A scratch buffer, so that a small record does not keep the room of the largest.
        let (result, record) = withUnsafeTemporaryAllocation(
            byteCount: ChildProtocol.maxRecord, alignment: 8
        ) { room -> (Int32, [UInt8]) in
            let result = cu_channel_receive(
                raw, room.baseAddress, room.count, &descriptors, &descriptorCount, wait ? 1 : 0)
            guard result > 0 else { return (result, []) }
            return (result, Array(room.prefix(Int(result))))
        }
        if Errno(-result) == .tryAgain { return .wouldBlock }
        if try Errno.check(result) == 0 { return .closed }
        return .record(record, descriptors: Array(descriptors.prefix(Int(descriptorCount))))
    }
}
