internal import BlockABI
internal import CUblk
internal import Glibc
internal import LinuxSys
internal import QueueEngine

// The main thread of an attached worker: it passes on what ublkd asks and tells what the queues report. No
// request goes through it.
extension PreparedWorker {
    private static var fetchPatience: UInt64 { 30_000_000_000 }

    /// What was said already: to ublkd, and to the queues about the end of the device.
    private struct Told {
        var attached: Bool
        var serving = false
        var ending = false
    }

    /// Returns when the driver took every slot of every queue back.
    func watch(_ link: borrowing SupervisorLink, fetching: Bool) throws(WorkerFailure) {
        var fetching = fetching
        var told = Told(attached: fetching)
        let deadline = cu_now_ns() + Self.fetchPatience
        while true {
            let ready = cu_wait_either(link.descriptor, queues.reportDescriptor, fetching ? -1 : 1_000)
            if ready < 0 { throw WorkerFailure(.resources, Errno(-ready), "the main thread cannot wait") }
            if ready & 2 != 0 {
                queues.clearReport()
                tellRepairs(link)
                if try look(link, &told) { return }
            }
            if ready & 1 != 0 { try answer(link, &fetching) }
            if !fetching, cu_now_ns() > deadline {
                throw WorkerFailure(
                    .fetch, .timedOut, "ublkd did not order the first FETCH within 30 seconds")
            }
        }
    }

    /// True at the end of the device.
    private func look(
        _ link: borrowing SupervisorLink, _ told: inout Told
    ) throws(WorkerFailure) -> Bool {
        switch queues.state {
        case .failed(let queue, let errno, let privileges):
            if privileges {
                throw WorkerFailure(
                    .privileges, errno, "user \(spec.uid) and group \(spec.gid) cannot be taken on")
            }
            throw WorkerFailure(.fetch, errno, "the driver refused queue \(queue)")
        case .serving:
            guard !told.serving else { break }
            told.serving = true
            cu_store64(&page.headerBlock.pointee.fetched_ns, cu_now_ns())
            link.send(.serving)
        case .ending:
            // A queue whose requests are all with its target does not hear of the end by itself.
            guard !told.ending else { break }
            told.ending = true
            queues.wake()
        case .ended: return true
        case .ready:
            guard !told.attached else { break }
            told.attached = true
            link.send(.attached)
        case .starting: break
        }
        return false
    }

    private func tellRepairs(_ link: borrowing SupervisorLink) {
        for (queue, repair) in queues.repairs() {
            switch repair {
            case .needed(let error): link.send(.queueNeedsBackend(queue, error))
            case .done: link.send(.queueRecovered(queue))
            case .failed(let error): link.send(.queueNotRecovered(queue, error))
            }
        }
    }

    private func answer(_ link: borrowing SupervisorLink, _ fetching: inout Bool) throws(WorkerFailure) {
        guard let (request, descriptors) = try link.receive(wait: false) else { return }
        var kept: Int32?
        if case .recoverQueue = request { kept = descriptors.first }
        for descriptor in descriptors where descriptor != kept { _ = close(descriptor) }
        switch request {
        case .recoverQueue(let queue): queues.replaceBackend(of: queue, by: kept)
        case .giveUpQueue(let queue, let error): queues.giveUpBackend(of: queue, error)
        case .limitRequests(let milliseconds): queues.limitRequests(to: milliseconds &* 1_000_000)
        case .fetch where !fetching:
            fetching = true
            queues.fetch()
        case .probe(let number) where fetching:
            for index in 0..<Int(spec.queues) {
                cu_store64(&page.queueBlock(index).pointee.probe_asked, number)
            }
            queues.wake()
        default: return
        }
    }
}
