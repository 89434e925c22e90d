/// What goes wrong with a device's requests on purpose, for trials. Each queue counts and draws by itself.
public struct InjectedFaults: Sendable, Equatable {
    /// Nanoseconds that each request waits before its backend hears of it.
    public var delay: UInt64
    /// Of 2^32 requests so many are answered with EIO; 2^32: all.
    public var errorShare: UInt64
    /// Every so many requests one never completes; 0: none.
    public var hangEvery: UInt32

    public init(delay: UInt64 = 0, errorShare: UInt64 = 0, hangEvery: UInt32 = 0) {
        self.delay = delay
        self.errorShare = errorShare
        self.hangEvery = hangEvery
    }

    /// `errorShare` of all requests.
    public static var all: UInt64 { 1 << 32 }
}
