internal import CUblk

/// The parameters of a disk (`struct ublk_params`), made from what its worker found and what was asked for.
public struct DeviceParameters: Sendable, Equatable {
    /// Bytes; a multiple of the block size.
    public var size: UInt64
    /// Bytes, a power of two, 512 to 4096.
    public var logicalBlock: UInt32
    /// Bytes, a power of two, at least `logicalBlock`.
    public var physicalBlock: UInt32
    /// Bytes; 0: no preference.
    public var optimalIO: UInt32
    /// Bytes.
    public var maxIO: UInt32
    public var readOnly: Bool
    public var rotational: Bool
    public var volatileCache: Bool
    public var discard: Bool
    public var writeZeroes: Bool
    /// Bytes.
    public var discardGranularity: UInt32

    /// Nil `block`: the backend's own block size.
    public init(_ facts: BackendFacts, block: UInt32?, maxIO: UInt32, readOnly: Bool, discard: Bool) {
        logicalBlock = max(block ?? 512, facts.logicalBlock)
        physicalBlock = max(logicalBlock, min(facts.physicalBlock, 4096))
        optimalIO = facts.optimalIO
        size = Self.wholeBlocks(of: facts.size, logicalBlock)
        self.maxIO = maxIO
        self.readOnly = readOnly || facts.readOnly
        rotational = facts.rotational
        volatileCache = facts.volatileCache
        self.discard = discard && facts.canDiscard && !self.readOnly
        writeZeroes = facts.canWriteZeroes && !self.readOnly
        discardGranularity = max(facts.discardGranularity, logicalBlock)
    }

    /// Bytes that a disk with these blocks has if `size` bytes are asked for.
    public func wholeBlocks(of size: UInt64) -> UInt64 { Self.wholeBlocks(of: size, logicalBlock) }

    private static func wholeBlocks(of size: UInt64, _ block: UInt32) -> UInt64 {
        size / UInt64(block) * UInt64(block)
    }

    /// The bytes for SET_PARAMS.
    public var bytes: [UInt8] {
        var raw = cu_params()
        raw.len = UInt32(MemoryLayout<cu_params>.size)
        raw.types = UInt32(CU_PARAM_BASIC)
        if readOnly { raw.basic.attrs |= UInt32(CU_ATTR_READ_ONLY) }
        if rotational { raw.basic.attrs |= UInt32(CU_ATTR_ROTATIONAL) }
        if volatileCache { raw.basic.attrs |= UInt32(CU_ATTR_VOLATILE_CACHE) | UInt32(CU_ATTR_FUA) }
        raw.basic.logical_bs_shift = Self.shift(logicalBlock)
        raw.basic.physical_bs_shift = Self.shift(physicalBlock)
        raw.basic.io_min_shift = Self.shift(physicalBlock)
        raw.basic.io_opt_shift = Self.shift(max(physicalBlock, min(optimalIO, maxIO)))
        raw.basic.max_sectors = maxIO / 512
        raw.basic.dev_sectors = size / 512
        if discard || writeZeroes {
            raw.types |= UInt32(CU_PARAM_DISCARD)
            raw.discard.discard_granularity = discardGranularity
            // Half a GiB: large enough to be cheap, small enough not to hold a queue for long.
            raw.discard.max_discard_sectors = discard ? 1 << 20 : 0
            raw.discard.max_discard_segments = discard ? 1 : 0
            raw.discard.max_write_zeroes_sectors = writeZeroes ? 1 << 20 : 0
        }
        return withUnsafeBytes(of: &raw) { Array($0) }
    }

    /// The exponent of the largest power of two that is not above `value`.
    private static func shift(_ value: UInt32) -> UInt8 {
        value == 0 ? 0 : UInt8(31 - value.leadingZeroBitCount)
    }
}
