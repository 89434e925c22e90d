internal import BlockABI
internal import CUblk
internal import Glibc
internal import LinuxSys

/// The worker's end of its socket to ublkd.
struct SupervisorLink: ~Copyable {
    private let channel: Channel

    init() { channel = Channel(Fd(owning: ChildProtocol.socketDescriptor)) }

    var descriptor: Int32 { channel.fd.raw }

    /// Never waits: ublkd may be gone, and the worker serves on. What does not fit is dropped.
    func send(_ reply: WorkerReply) {
        do throws(Errno) { try channel.send(reply.record) } catch {}
    }

    /// The next request; nil when nothing is there (`wait` false) or ublkd's end is closed for good.
    func receive(wait: Bool) throws(WorkerFailure) -> (request: WorkerRequest, descriptors: [Int32])? {
        do throws(Errno) {
            switch try channel.receive(wait: wait) {
            case .closed: _exit(0)
            case .wouldBlock: return nil
            case .record(let bytes, let descriptors):
                do throws(RecordError) {
                    return (try WorkerRequest(record: bytes), descriptors)
                } catch {
                    throw Errno.protocolError
                }
            }
        } catch {
            throw WorkerFailure(
                .version, error,
                "the worker (\(Version.text)) does not understand ublkd; install both from one build")
        }
    }
}
