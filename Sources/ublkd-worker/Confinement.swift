internal import BlockABI
internal import CUblk
internal import LinuxSys
internal import QueueEngine

/// What the worker gives up, in the order in which it can. Whatever is not essential to safety is tried and
/// left when the host refuses it (an unprivileged trial, a container).
enum Confinement {
    /// First of all: nothing that a spare worker needs is lost.
    static func atStart() {
        _ = cu_worker_undumpable()
        _ = cu_refuse_signals()
        _ = cu_worker_limits()
        // Before ordinary programs, as a recovery waits for it; after ublkd.
        _ = cu_thread_nice(-10)
        _ = cu_worker_io_flusher()
        _ = cu_write_text("/proc/self/oom_score_adj", "-1000")
        _ = cu_thread_name("ublkd-w/spare")
        reserveNumbers()
    }

    /// Before the backend is opened. A worker that holds a mount of its own device would wait for itself when
    /// it dies.
    static func privateMounts() -> Bool { cu_private_mounts() == 0 }

    /// What is resident now, and later whatever is touched.
    static func lockMemory() throws(WorkerFailure) {
        let result = cu_lock_memory()
        guard result < 0 else { return }
        throw WorkerFailure(
            .resources, Errno(-result),
            "its memory cannot be locked; raise the limit, or set `lock_memory = false`")
    }

    /// Once everything was opened by its path: no mount of the host stays pinned by a worker. Does nothing where
    /// `privateMounts` failed: it would unmount the host.
    static func leaveMounts() { _ = cu_detach_mounts() }

    /// Nothing to gain by exec, for the threads made later as well.
    static func barPrivileges() throws(WorkerFailure) {
        let result = cu_bar_privileges()
        if result < 0 {
            throw WorkerFailure(.privileges, Errno(-result), "the way back to privileges cannot be barred")
        }
    }

    /// The main thread becomes the user that serves, with no capability; each queue thread does it for itself.
    static func dropPrivileges(_ user: ServingUser) throws(WorkerFailure) {
        let result = cu_drop_thread_privileges(user.uid, user.gid)
        if result < 0 {
            throw WorkerFailure(
                .privileges, Errno(-result), "user \(user.uid) and group \(user.gid) cannot be taken on")
        }
    }

    /// Keeps the numbers that the protocol gives to descriptors which come later.
    private static func reserveNumbers() {
        let holder = cu_eventfd()
        for number in [
            ChildProtocol.supervisorEndDescriptor, ChildProtocol.statusPageDescriptor,
            ChildProtocol.memoryDescriptor,
        ] where holder != number { _ = cu_place_descriptor(holder, number) }
    }
}
