import BlockABI
import Configuration
import DevicePolicy
import LinuxSys
import Systemd

// Recovery of queues in place: an agent opens the backend anew, as a serving worker opens nothing itself, and the
// worker is passed the descriptor.
extension Supervisor {
    func openBackend(for queue: Int, of device: Device) {
        guard let path = device.configuration.backendPath, let facts = device.machine.facts else {
            // Nothing is behind it that could be opened: the queue's bookkeeping starts anew.
            return post(.backendOpened(queue: queue), to: device)
        }
        guard !device.isOpenLost else {
            // The one who was asked last hangs there still.
            return notOpened(queue, device, path, .timedOut)
        }
        let work = AgentWork.openBackend(
            path: path, facts.identity, size: facts.size, readOnly: device.configuration.readOnly,
            directIO: facts.directIO)
        do throws(Errno) {
            _ = try agents.submit(
                work, role: .files, deadline: configuration.daemon.controlTimeout.rawValue,
                opened: { [weak self, weak device] descriptor in
                    guard let self, let device else { return }
                    device.openedBackends[queue] = descriptor
                    self.handle(.backendOpened(queue: queue), of: device)
                },
                report: { [weak self, weak device] outcome in
                    guard let self, let device else { return }
                    switch outcome {
                    case .submitted, .late: break
                    case .done(let result, _): self.notOpened(queue, device, path, Errno(-result))
                    case .lost:
                        device.isOpenLost = true
                        self.notOpened(queue, device, path, .timedOut)
                    case .returned: device.isOpenLost = false
                    }
                })
        } catch {
            notOpened(queue, device, path, error)
        }
    }

    private func notOpened(_ queue: Int, _ device: Device, _ path: String, _ errno: Errno) {
        let failure: Failure =
            switch errno {
            case .noSuchFile, .noSuchDevice, .noSuchDeviceOrAddress:
                Failure(.backingMissing, "\(path) is not there (\(errno)); put it back")
            case .stale:
                Failure(
                    .backingChanged,
                    "\(path) is not what held its data before; put the former one back, or stop and start the device to take this one"
                )
            case .fileTooLarge:
                Failure(.backingChanged, "\(path) is smaller than the disk: it was truncated")
            default: Failure(.backingError, "\(path) cannot be opened: \(errno)")
            }
        // What was cut off cannot be read: that is what a user of the disk is told.
        let answer: Errno = errno == .fileTooLarge ? .inputOutput : errno
        handle(.backendNotOpened(queue: queue, failure, answer), of: device)
    }

    // MARK: - Who asked

    /// Calls `report` once: with the failure of one of `queues`, or with nil, when all are recovered or it takes
    /// longer than an answer should.
    func awaitRecovery(of queues: [Int], _ device: Device, report: @escaping (Failure?) -> Void) {
        let waiter = QueueWaiter(queues, report)
        waiter.patience = try? loop.addTimer(afterMilliseconds: 2_000) {
            [weak self, weak device, weak waiter] in
            guard let self, let device, let waiter else { return }
            self.settle(waiter, of: device, nil)
        }
        device.queueWaiters.append(waiter)
    }

    func queueSettled(_ queue: Int, of device: Device, _ failure: Failure? = nil) {
        for waiter in device.queueWaiters where waiter.queues.remove(queue) != nil {
            if failure != nil || waiter.queues.isEmpty { settle(waiter, of: device, failure) }
        }
    }

    private func settle(_ waiter: QueueWaiter, of device: Device, _ failure: Failure?) {
        device.queueWaiters.removeAll { $0 === waiter }
        waiter.patience = nil
        waiter.report(failure)
    }

    func recoverQueue(_ queue: Int, by id: WorkerID, of device: Device) {
        let descriptor = device.openedBackends.removeValue(forKey: queue)
        send(
            .recoverQueue(UInt16(queue)), to: id, of: device,
            descriptors: descriptor.map { [$0.fd.raw] } ?? [])
    }
}

/// A call that waits for queues of one device.
final class QueueWaiter {
    var queues: Set<Int>
    let report: (Failure?) -> Void
    var patience: Source?

    init(_ queues: [Int], _ report: @escaping (Failure?) -> Void) {
        self.queues = Set(queues)
        self.report = report
    }
}
