import BlockABI
import Configuration
import DevicePolicy
import LinuxSys

extension DeviceConfiguration {
    /// What policy asks of the configuration.
    func policySettings(controlTimeout: UInt64, traits: KernelTraits) -> PolicySettings {
        PolicySettings(
            restartDelay: restartDelay.rawValue, restartDelayMax: restartDelayMax.rawValue,
            restartBurst: restartBurst, restartInterval: restartInterval.rawValue,
            afterGivingUp: onGiveUp.policy, survivesWorker: recovery != .none, reissues: recovery == .reissue,
            controlTimeout: controlTimeout, stallTimeout: stallTimeout.rawValue,
            requestLimit: traits.requestLimit(forQueueDepth: queueDepth))
    }

    /// What a queue's backend is opened from; nil where there is nothing to open.
    var backendPath: String? { if case .file(let path) = target { path } else { nil } }

    /// Flags for ADD_DEV.
    func deviceFlags(_ traits: KernelTraits) -> DeviceFlags {
        var flags: DeviceFlags
        switch recovery {
        case .reissue: flags = [.userRecovery, .userRecoveryReissue]
        case .failInflight: flags = [.userRecovery]
        case .failIO: flags = [.userRecovery, .userRecoveryFailIO]
        case .none: return []
        }
        if traits.canQuiesce { flags.insert(.quiesce) }
        return flags
    }

    /// Why this kernel cannot make the device as configured; nil: it can.
    func refusal(by traits: KernelTraits) -> Failure? {
        if recovery == .failIO && !traits.canFailIO {
            return Failure(
                .none,
                "recovery = \"fail-io\" needs Linux 6.13 or later: choose \"reissue\" or \"fail-inflight\""
            )
        }
        switch ioMode {
        case .auto, .copy: return nil
        case .zeroCopy: return Failure(.none, "io_mode = \"zero-copy\" is not in this version: use \"auto\"")
        case .batch: return Failure(.none, "io_mode = \"batch\" is not in this version: use \"auto\"")
        }
    }

    /// What a worker is told to serve. `known`: what an earlier worker of this disk found. `diskBlock`: bytes of its logical
    /// block, if there is a disk.
    func workerSpec(
        known: BackendFacts?, diskBlock: UInt32?, failing: Bool, traits: KernelTraits,
        user: (uid: UInt32, gid: UInt32)
    ) -> WorkerSpec {
        let served: WorkerTarget
        if failing {
            served = .failing(size: known?.size ?? size ?? 0)
        } else {
            switch target {
            case .null: served = .null(size: size ?? 0)
            case .memory: served = .memory(size: size ?? 0)
            case .file(let path):
                served = .file(
                    FileTarget(
                        path: path, size: size, create: create && known == nil, directIO: directIO,
                        expected: known?.identity ?? .none))
            }
        }
        var spec = WorkerSpec(
            name: name, target: served, faults: failing ? nil : faults?.injected, readOnly: readOnly,
            discard: discard, queues: UInt16(queues),
            queueDepth: UInt16(traits.tags(forQueueDepth: queueDepth)), maxIO: maxIO, lockMemory: lockMemory,
            cpus: (cpus ?? []).map { $0.map { Int32($0) } }, uid: user.uid, gid: user.gid,
            requestLimit: requestTimeout?.rawValue ?? 0)
        spec.diskBlock = diskBlock ?? 0
        return spec
    }
}

extension DeviceParameters {
    /// Of a disk as configured, on the backend that its worker found.
    init(_ facts: BackendFacts, _ configuration: DeviceConfiguration) {
        self.init(
            facts, block: configuration.blockSize, maxIO: configuration.maxIO,
            readOnly: configuration.readOnly, discard: configuration.discard)
    }
}

extension FaultConfiguration {
    fileprivate var injected: InjectedFaults {
        // Rounded up: a rate above 0 is never none.
        let share = (errorRate * Double(InjectedFaults.all)).rounded(.up)
        return InjectedFaults(
            delay: delay.rawValue * 1_000_000, errorShare: UInt64(share), hangEvery: hangEvery)
    }
}

extension OnGiveUp {
    fileprivate var policy: PolicySettings.AfterGivingUp {
        switch self {
        case .retry: .retry
        case .hold: .hold
        case .fail: .fail
        }
    }
}
