import BlockABI
import Configuration
import LinuxSys
import Testing

@testable import ublkd

/// What a worker is told of a device that fails on purpose.
@Suite("The order to the worker of a fault device")
struct WorkerSpecTests {
    private func spec(_ faults: FaultConfiguration?, failing: Bool = false) -> WorkerSpec {
        var device = DeviceConfiguration(name: "trial", target: .file(path: "/srv/t.img"))
        device.faults = faults
        device.create = true
        return device.workerSpec(
            known: nil, diskBlock: 512, failing: failing,
            traits: KernelTraits(features: DeviceFlags(rawValue: .max)),
            user: (uid: 1, gid: 1))
    }

    @Test("The base is served as without faults")
    func base() {
        var trial = spec(FaultConfiguration(delay: .milliseconds(20), errorRate: 0.5, hangEvery: 9))
        #expect(trial.faults == InjectedFaults(delay: 20_000_000, errorShare: 1 << 31, hangEvery: 9))
        trial.faults = nil
        #expect(trial == spec(nil))
    }

    @Test("A rate above 0 is some errors, and 1 is all")
    func rates() {
        let shares = [0, 1e-300, 1].map { spec(FaultConfiguration(errorRate: $0)).faults?.errorShare }
        #expect(shares == [0, 1, InjectedFaults.all])
    }

    @Test("The worker of a device that was given up answers at once")
    func givenUp() {
        #expect(spec(FaultConfiguration(delay: .seconds(3600)), failing: true).faults == nil)
    }
}
