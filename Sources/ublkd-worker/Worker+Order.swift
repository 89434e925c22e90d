internal import BlockABI
internal import CUblk
internal import Glibc
internal import LinuxSys
internal import QueueEngine

// What comes with the order, put where the protocol says.
extension PreparedWorker {
    static func statusPage(_ order: WorkerOrder) throws(WorkerFailure) -> StatusPage {
        guard let first = order.descriptors.first else {
            throw WorkerFailure(.resources, .badDescriptor, "no status page came with the order")
        }
        try place(first, at: ChildProtocol.statusPageDescriptor)
        do throws(Errno) {
            return try StatusPage.map(Fd(owning: ChildProtocol.statusPageDescriptor))
        } catch {
            throw WorkerFailure(.resources, error, "the status page cannot be used")
        }
    }

    static func backendSpec(_ order: WorkerOrder) throws(WorkerFailure) -> BackendSpec {
        switch order.spec.target {
        case .null(let size): return .null(size: size)
        case .failing(let size): return .failing(size: size)
        case .memory(let size):
            guard order.descriptors.count > 1 else {
                throw WorkerFailure(.resources, .badDescriptor, "no memory came with the order")
            }
            try place(order.descriptors[1], at: ChildProtocol.memoryDescriptor)
            return .memory(size: size, descriptor: ChildProtocol.memoryDescriptor)
        case .file(let file):
            return .file(
                FileSpec(
                    path: file.path, size: file.size, create: file.create, directIO: file.directIO,
                    expected: file.expected, diskBlock: order.spec.diskBlock))
        }
    }

    /// Moves a descriptor that arrived to its number.
    static func place(_ descriptor: Int32, at number: Int32) throws(WorkerFailure) {
        let result = cu_place_descriptor(descriptor, number)
        guard result == 0 else {
            throw WorkerFailure(.resources, Errno(-result), "descriptor \(number) cannot be put in place")
        }
        if descriptor != number { _ = close(descriptor) }
    }
}
