import BlockABI
import DevicePolicy
import Testing

/// What was observed on real kernels of each family, as far as policy depends on it: the fake one says the same.
struct FakeKernelTests {
    static let classic = [Bench.Kernel.classic]
    static let released = [Bench.Kernel.middle, .modern72, .modern]
    static let all = Bench.Kernel.allCases

    // MARK: - Before the first START_DEV

    @Test(arguments: all) func startWaitsForAllFetches(kernel: Bench.Kernel) {
        var k = FakeKernel.added(kernel)
        #expect(k.open(pid: 1) == 0)
        #expect(k.execute(.startDevice(pid: 1)) == nil)
        #expect(k.fetch(pid: 1) == 0)
        #expect(k.execute(.startDevice(pid: 1)) == nil)
        #expect(k.fetch(pid: 1) == 0)
        #expect(k.execute(.startDevice(pid: 1)) == 0)
        #expect(k.isServed)
        #expect(k.execute(.setParameters) == -13)
    }

    /// A zombie counts as dead; one that is reaped is refused by some kernels. STOP and DEL clear it, but not once
    /// somebody has read the disk.
    @Test(arguments: all, [true, false]) func startForADeadWorker(kernel: Bench.Kernel, isReaped: Bool) {
        var k = FakeKernel.added(kernel)
        k.serve(pid: 1)
        k.kill(pid: 1, release: isReaped)
        let answer = k.execute(.startDevice(pid: 1))
        guard kernel != .modern else {
            #expect(isReaped ? answer == nil : k.isLost == false)
            return
        }
        #expect(answer == 0)
        #expect(k.state == .live && k.isLost)
        var untouched = k
        #expect(untouched.execute(.stopDevice) == 0)
        k.read()
        #expect(k.execute(.stopDevice) == (kernel == .modern72 ? 0 : nil))
    }

    @Test(arguments: all) func someRefuseAReapedWorker(kernel: Bench.Kernel) {
        var k = FakeKernel.added(kernel)
        k.refusesReaped = true
        k.serve(pid: 1)
        k.kill(pid: 1)
        #expect(k.execute(.startDevice(pid: 1)) == (kernel == .modern ? nil : -22))
    }

    @Test(arguments: all) func aSecondServerBeforeTheFirstStart(kernel: Bench.Kernel) {
        var k = FakeKernel.added(kernel)
        k.serve(pid: 1)
        k.kill(pid: 1)
        #expect(k.open(pid: 2) == (kernel == .modern ? 0 : -22))
    }

    @Test func aQueueThatIsHalfFetchedPinsAClassicDeviceUntilStop() {
        var k = FakeKernel.added(.classic)
        _ = k.open(pid: 1)
        _ = k.fetch(pid: 1)
        k.died(pid: 1, insideQueue: true)
        #expect(!k.canTearDown(isFenced: false, isSeen: true))
        #expect(k.execute(.stopDevice) == 0)
        #expect(k.execute(.deleteDevice) == 0)
    }

    @Test(arguments: all) func aStoppedDiskIsNotStartedAgain(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        #expect(k.execute(.stopDevice) == 0)
        _ = k.execute(.startDevice(pid: 1))
        #expect(k.violation != nil)
    }

    // MARK: - Death of the server

    /// The fence: ublkcN is not released before the last request below is over.
    @Test(arguments: all) func theStateWhileTheFenceHolds(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.died(pid: 1)
        if k.canTearDown(isFenced: true, isSeen: true) { k.tearDown() }
        #expect(!k.canTearDown(isFenced: true, isSeen: true))
        #expect(k.state == (kernel == .classic ? .quiesced : .live))
        #expect(k.execute(.startUserRecovery(lazily: false)) == -16)
        k.tearDown()
        #expect(k.state == .quiesced)
        #expect(k.execute(.startUserRecovery(lazily: false)) == 0)
    }

    @Test(arguments: all) func aDeathUnderFullLoadIsSeenLateByClassicKernels(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.died(pid: 1)
        #expect(k.canTearDown(isFenced: false, isSeen: false) == (kernel != .classic))
    }

    @Test(arguments: all) func aStrangerWithTheControlNodeHoldsRecoveryBack(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.isHeldByStranger = true
        k.kill(pid: 1)
        #expect(k.execute(.startUserRecovery(lazily: true)) == -16)
        k.isHeldByStranger = false
        k.kill(pid: 1)
        #expect(k.execute(.startUserRecovery(lazily: true)) == 0)
    }

    @Test(arguments: all) func aDiskWithoutRecoveryGoesWithItsWorker(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.survivesWorker = false
        k.kill(pid: 1)
        #expect(k.state == .dead)
        #expect(k.execute(.startUserRecovery(lazily: false)) == -22)
        #expect(k.execute(.updateSize(bytes: 1)) == -19)
        #expect(k.execute(.stopDevice) == 0)
    }

    @Test(arguments: released) func aDiskThatFailsItsIORecoversLikeAnother(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.failsIO = true
        k.kill(pid: 1)
        #expect(k.state == .failIO)
        #expect(k.execute(.startUserRecovery(lazily: false)) == 0)
    }

    @Test(arguments: all) func aRingThatIsClosedTakesAClassicDeviceFromItsWorker(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.closeRing()
        #expect(k.state == (kernel == .classic ? .quiesced : .live))
        #expect(k.execute(.startUserRecovery(lazily: false)) == -16)
    }

    // MARK: - Recovery

    @Test(arguments: all) func aRepeatedStart(kernel: Bench.Kernel) {
        var k = FakeKernel.armed(kernel)
        #expect(k.execute(.startUserRecovery(lazily: false)) == (kernel == .classic ? -22 : 0))
        #expect(k.violation == nil && k.isArmed)
    }

    @Test(arguments: all) func aWorkerThatOnlyMapped(kernel: Bench.Kernel) {
        var k = FakeKernel.armed(kernel)
        #expect(k.open(pid: 2) == 0)
        k.kill(pid: 2)
        #expect(k.open(pid: 3) == (kernel == .classic ? -22 : 0))
    }

    @Test(arguments: all) func aWorkerThatFetchedSomeQueues(kernel: Bench.Kernel) {
        var k = FakeKernel.armed(kernel)
        _ = k.open(pid: 2)
        _ = k.fetch(pid: 2)
        k.kill(pid: 2)
        let start = k.execute(.startUserRecovery(lazily: false))
        switch kernel {
        case .classic: #expect(k.violation?.contains("oopses") == true)
        case .middle:
            #expect(start == -16 && k.open(pid: 3) == -16)
            #expect(k.execute(.stopDevice) == 0)
            #expect(k.execute(.deleteDevice) == nil)
        case .modern72, .modern: #expect(start == 0 && k.open(pid: 3) == 0)
        }
    }

    /// Also one that was itself cut short.
    @Test func theFillerMakesItSafe() {
        var k = FakeKernel.armed(.classic)
        _ = k.open(pid: 2)
        _ = k.fetch(pid: 2)
        #expect(k.execute(.filler) == nil, "ublkcN is open")
        k.kill(pid: 2)
        k.fillPartly()
        k.tearDown()
        #expect(k.execute(.filler) == 0)
        #expect(k.execute(.startUserRecovery(lazily: false)) == -16)
        k.tearDown()
        #expect(k.execute(.startUserRecovery(lazily: false)) == 0)
        #expect(k.open(pid: 3) == 0)
        #expect(k.violation == nil)
    }

    @Test func aHalfFetchedQueuePinsAClassicDeviceInRecovery() {
        var k = FakeKernel.armed(.classic)
        _ = k.open(pid: 2)
        _ = k.fetch(pid: 2)
        k.died(pid: 2, insideQueue: true)
        #expect(!k.canTearDown(isFenced: false, isSeen: true))
        #expect(k.execute(.filler) == nil)
        #expect(k.execute(.stopDevice) == 0)
        #expect(k.execute(.deleteDevice) == 0)
    }

    @Test(arguments: all) func endForADeadWorker(kernel: Bench.Kernel) {
        var k = FakeKernel.armed(kernel)
        #expect(k.execute(.endUserRecovery(pid: 2)) == nil, "it waits for the FETCHes")
        k.serve(pid: 2)
        k.died(pid: 2)
        let end = k.execute(.endUserRecovery(pid: 2))
        switch kernel {
        case .classic:
            #expect(end == 0 && k.isLost && k.state == .live)
            k.kill(pid: 2)
            #expect(k.execute(.startUserRecovery(lazily: false)) == -16)
        case .middle: #expect(end == -22 && !k.isLost)
        case .modern72, .modern: #expect(end == nil && !k.isLost)
        }
    }

    @Test(arguments: all) func onlyTheOpenerMayBeNamed(kernel: Bench.Kernel) {
        var k = FakeKernel.armed(kernel)
        k.serve(pid: 2)
        #expect(k.execute(.endUserRecovery(pid: 9)) == (kernel == .classic ? 0 : -22))
        var fresh = FakeKernel.added(kernel)
        fresh.serve(pid: 2)
        #expect(fresh.execute(.startDevice(pid: 9)) == (kernel == .classic ? 0 : -22))
    }

    // MARK: - Stop, deletion and the rest

    @Test(arguments: all) func stopWaitsForAWedgedServerUntilItIsGone(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.isServerHealthy = false
        #expect(k.execute(.stopDevice) == nil)
        #expect(!FakeKernel.isCancellable(.stopDevice))
        k.kill(pid: 1)
        #expect(k.execute(.stopDevice) == 0)
    }

    @Test(arguments: all) func aDiskInUseIsNotStoppedUnlessForced(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        k.isOpen = true
        #expect(k.execute(.tryStopDevice) == -16)
        #expect(k.execute(.stopDevice) == 0)
        let refuses = kernel == .modern || kernel == .modern72
        #expect(k.execute(.tryStopDevice) == (refuses ? -19 : 0))
        k.kill(pid: 1)
        #expect(k.execute(.deleteDevice) == nil, "the number is busy until the last close")
        #expect(k.execute(.addDevice) == -17)
        k.isOpen = false
        #expect(k.execute(.deleteDevice) == 0)
        #expect(k.execute(.addDevice) == 0)
    }

    @Test(arguments: all) func aDeletionBeforeAStopIsAViolation(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        _ = k.execute(.deleteDevice)
        #expect(k.violation != nil)
    }

    @Test(arguments: all) func quiesceTakesTheSlotsAndNotTheState(kernel: Bench.Kernel) {
        var k = FakeKernel.live(kernel)
        guard kernel != .classic else { return #expect(k.execute(.quiesceDevice) == -95) }
        #expect(k.execute(.quiesceDevice) == 0)
        #expect(k.state == .live && k.isQuiesced)
        #expect(k.execute(.startUserRecovery(lazily: false)) == -16)
        k.kill(pid: 1)
        #expect(k.state == .quiesced)
        #expect(k.execute(.updateSize(bytes: 1)) == 0)
    }

    @Test func aWriteToTheQueueWaitsForWhoeverServesIt() {
        var k = FakeKernel.live(.classic)
        k.isOpen = true
        k.kill(pid: 1)
        #expect(k.execute(.limitRequests) == nil)
        #expect(!FakeKernel.isCancellable(.limitRequests))
    }
}

extension FakeKernel {
    fileprivate static func added(_ kernel: Bench.Kernel) -> FakeKernel {
        var k = FakeKernel(traits: kernel.traits)
        _ = k.execute(.addDevice)
        _ = k.execute(.setParameters)
        return k
    }

    /// Served by process 1.
    fileprivate static func live(_ kernel: Bench.Kernel) -> FakeKernel {
        var k = added(kernel)
        k.serve(pid: 1)
        _ = k.execute(.startDevice(pid: 1))
        k.isServerHealthy = true
        return k
    }

    /// START_USER_RECOVERY was accepted.
    fileprivate static func armed(_ kernel: Bench.Kernel) -> FakeKernel {
        var k = live(kernel)
        k.kill(pid: 1)
        _ = k.execute(.startUserRecovery(lazily: false))
        return k
    }

    fileprivate mutating func serve(pid: Int32) {
        _ = open(pid: pid)
        _ = fetch(pid: pid)
        _ = fetch(pid: pid)
    }

    /// With `release` it is reaped, and its rings are torn down as far as that goes.
    fileprivate mutating func kill(pid: Int32, release: Bool = true) {
        died(pid: pid)
        while release && canTearDown(isFenced: false, isSeen: true) { tearDown() }
    }
}
