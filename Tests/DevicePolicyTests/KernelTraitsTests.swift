import BlockABI
import Testing

/// KERNEL facts by the feature words that real kernels answer: 6.12, 6.16, 6.17 and 6.18, 7.2, 7.3.
struct KernelTraitsTests {
    struct Expected: CustomTestStringConvertible {
        var word: UInt64
        var family: KernelTraits.Family
        var filler: Bool
        var spareTag: Bool
        var opener: Bool
        var liveWhileFenced: Bool
        var fatalEnd: Bool
        var readd: Bool
        var savedDescriptor: Bool
        var quiesce: Bool
        var tryStop: Bool
        var failIO: Bool
        var testDescription: String { "0x" + String(word, radix: 16) }
    }

    static let table = [
        Expected(
            word: 0x1fe, family: .classic, filler: true, spareTag: true, opener: false,
            liveWhileFenced: false, fatalEnd: true, readd: true, savedDescriptor: false, quiesce: false,
            tryStop: false, failIO: false),
        Expected(
            word: 0x3fff, family: .middle, filler: false, spareTag: false, opener: true,
            liveWhileFenced: true, fatalEnd: false, readd: true, savedDescriptor: true, quiesce: true,
            tryStop: false, failIO: true),
        Expected(
            word: 0x7fff, family: .middle, filler: false, spareTag: false, opener: true,
            liveWhileFenced: true, fatalEnd: false, readd: true, savedDescriptor: true, quiesce: true,
            tryStop: false, failIO: true),
        Expected(
            word: 0xf_ffff, family: .modern, filler: false, spareTag: false, opener: true,
            liveWhileFenced: true, fatalEnd: false, readd: true, savedDescriptor: false, quiesce: true,
            tryStop: true, failIO: true),
        Expected(
            word: 0x1f_ffff, family: .modern, filler: false, spareTag: false, opener: true,
            liveWhileFenced: true, fatalEnd: false, readd: false, savedDescriptor: false, quiesce: true,
            tryStop: true, failIO: true),
    ]

    @Test(arguments: table)
    func rules(expected: Expected) {
        let traits = KernelTraits(features: DeviceFlags(rawValue: expected.word))
        #expect(traits.family == expected.family)
        #expect(traits.needsFillerBeforeRepeatedStart == expected.filler)
        #expect(traits.needsSpareTag == expected.spareTag)
        #expect(traits.checksOpenerPID == expected.opener)
        #expect(traits.staysLiveWhileFenced == expected.liveWhileFenced)
        #expect(traits.endForDeadWorkerIsFatal == expected.fatalEnd)
        #expect(traits.mustReaddAfterDeathBeforeStart == expected.readd)
        #expect(traits.nodeMustNotBeProbedBeforeLive == expected.readd)
        #expect(traits.deleteOnlyAfterStopReturned == expected.readd)
        #expect(traits.needsSavedDescriptorInRecovery == expected.savedDescriptor)
        #expect(traits.canQuiesce == expected.quiesce)
        #expect(traits.canTryStop == expected.tryStop)
        #expect(traits.canFailIO == expected.failIO)
        #expect(traits.canUpdateSize == (expected.word > 0x1fe))
    }

    /// One tag stays spare on a classic kernel, whose block layer keeps at least 4 requests.
    @Test(arguments: [(1, 5, 4), (3, 5, 4), (4, 5, 4), (5, 6, 5), (128, 129, 128), (4096, 4096, 4095)])
    func classicDepth(queueDepth: Int, tags: Int, limit: Int) {
        let classic = KernelTraits(features: DeviceFlags(rawValue: 0x1fe))
        #expect(classic.tags(forQueueDepth: queueDepth) == tags)
        #expect(classic.requestLimit(forQueueDepth: queueDepth) == limit)
        #expect(limit < tags, "with every tag at a dead worker its death is seen after 30 s only")
        let modern = KernelTraits(features: DeviceFlags(rawValue: 0x1f_ffff))
        #expect(modern.tags(forQueueDepth: queueDepth) == queueDepth)
        #expect(modern.requestLimit(forQueueDepth: queueDepth) == nil)
    }
}
