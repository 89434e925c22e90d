import BlockABI
import Testing

/// Every rule by the feature words that real kernels answer.
struct KernelTraitsTests {
    static let kernels: [(name: String, word: UInt64)] = [
        ("6.12", 0x1fe), ("6.16", 0x3fff), ("6.17, 6.18", 0x7fff), ("7.2", 0xf_ffff), ("7.3", 0x1f_ffff),
    ]

    /// A rule, and whether it holds on each of the kernels in their order.
    struct Rule: CustomTestStringConvertible {
        var name: String
        var holds: @Sendable (KernelTraits) -> Bool
        var expected: [Bool]
        var testDescription: String { name }

        init(_ name: String, _ holds: @escaping @Sendable (KernelTraits) -> Bool, _ expected: String) {
            self.name = name
            self.holds = holds
            self.expected = expected.split(separator: " ").map { $0 == "yes" }
        }
    }

    //                                                                          6.12 6.16 6.17 7.2 7.3
    static let rules = [
        Rule("needsFillerBeforeRepeatedStart", { $0.needsFillerBeforeRepeatedStart }, "yes no no no no"),
        Rule("refusesRepeatedStart", { $0.refusesRepeatedStart }, "yes no no no no"),
        Rule("needsSpareTag", { $0.needsSpareTag }, "yes no no no no"),
        Rule("staysLiveWhileFenced", { $0.staysLiveWhileFenced }, "no yes yes yes yes"),
        Rule("endForDeadWorkerIsFatal", { $0.endForDeadWorkerIsFatal }, "yes no no no no"),
        Rule("mayPinAfterPartialFetch", { $0.mayPinAfterPartialFetch }, "yes yes yes no no"),
        Rule("needsSavedDescriptorInRecovery", { $0.needsSavedDescriptorInRecovery }, "no yes yes no no"),
        Rule("canQuiesce", { $0.canQuiesce }, "no yes yes yes yes"),
        Rule("canFailIO", { $0.canFailIO }, "no yes yes yes yes"),
        Rule("canUpdateSize", { $0.canUpdateSize }, "no yes yes yes yes"),
        Rule("canTryStop", { $0.canTryStop }, "no no no yes yes"),
        Rule("checksOpenerPID", { $0.checksOpenerPID }, "no yes yes yes yes"),
        Rule("mustReaddAfterDeathBeforeStart", { $0.mustReaddAfterDeathBeforeStart }, "yes yes yes yes no"),
        Rule("nodeMustNotBeProbedBeforeLive", { $0.nodeMustNotBeProbedBeforeLive }, "yes yes yes yes no"),
        Rule("deleteOnlyAfterStopReturned", { $0.deleteOnlyAfterStopReturned }, "yes yes yes yes no"),
        Rule("mustDropPrivilegesBeforeFetch", { $0.mustDropPrivilegesBeforeFetch }, "yes yes yes no no"),
    ]

    @Test(arguments: rules)
    func everyRuleOnEveryKernel(rule: Rule) {
        #expect(rule.expected.count == Self.kernels.count)
        for (kernel, expected) in zip(Self.kernels, rule.expected) {
            let traits = KernelTraits(features: DeviceFlags(rawValue: kernel.word))
            #expect(rule.holds(traits) == expected, "\(kernel.name)")
        }
    }

    @Test func families() {
        let families = Self.kernels.map { KernelTraits(features: DeviceFlags(rawValue: $0.word)).family }
        #expect(families == [.classic, .middle, .middle, .modern, .modern])
    }

    /// Depth and limit are what was asked for where no tag has to stay spare.
    @Test func onlyAClassicKernelGetsASpareTag() {
        for kernel in Self.kernels {
            let traits = KernelTraits(features: DeviceFlags(rawValue: kernel.word))
            #expect(traits.tags(forQueueDepth: 128) == (traits.needsSpareTag ? 129 : 128), "\(kernel.name)")
            #expect(traits.requestLimit(forQueueDepth: 128) == (traits.needsSpareTag ? 128 : nil))
        }
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
