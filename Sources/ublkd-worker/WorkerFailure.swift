internal import BlockABI
internal import LinuxSys
internal import QueueEngine

/// Why a worker gives up before it serves. ublkd is told, then the process ends.
struct WorkerFailure: Error {
    let stage: WorkerStage
    let errno: Errno
    /// A sentence without the device's name and without the errno.
    let what: String

    init(_ stage: WorkerStage, _ errno: Errno, _ what: String) {
        self.stage = stage
        self.errno = errno
        self.what = what
    }

    init(_ error: EngineError) {
        let stage: WorkerStage =
            switch error.kind {
            case .missing: .backendMissing
            case .changed: .backendChanged
            case .unusable: .backendError
            case .resources: .resources
            case .device: .device
            }
        self.init(stage, error.errno, error.what)
    }

    /// 71 where the host lacks something, 1 for everything that is this device's own.
    var exitStatus: Int32 { stage == .resources ? 71 : 1 }
}
