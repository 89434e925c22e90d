public import BlockABI
internal import Glibc

extension Fd {
    /// read(2): bytes read into the start of `buffer`; 0 at the end.
    public borrowing func read(into buffer: inout [UInt8]) throws(Errno) -> Int {
        while true {
            let count = Glibc.read(raw, &buffer, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw Errno(errno) }
        }
    }

    /// send(2) without SIGPIPE, for sockets: how many of the bytes went.
    public borrowing func send(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return count }
            if errno != EINTR { throw Errno(errno) }
        }
    }
}
