internal import BlockABI
internal import CUblk
internal import Glibc

/// What the agent's commands are sent to: the kernel's ublk driver, or a stand-in in tests.
protocol ControlDriver {
    /// Fills a cleared 128-byte entry with one command. EAGAIN and the like are answers of the command, not
    /// of this call; it throws when there is no driver.
    func prepare(
        _ entry: UnsafeMutablePointer<io_uring_sqe>, command: ControlCommand, payload: cu_ctrl_cmd,
        userData: UInt64
    ) throws(Errno)
}

/// The driver behind `/dev/ublk-control`.
final class KernelDriver: ControlDriver {
    /// The open control device, or why there is none.
    private let control: Result<Int32, Errno>

    /// A host without the driver is told at every command.
    init() {
        do throws(Errno) {
            control = .success(try Fd.open(ControlDevice.path, flags: O_RDWR).release())
        } catch {
            control = .failure(error)
        }
    }

    deinit { if case .success(let raw) = control { close(raw) } }

    func prepare(
        _ entry: UnsafeMutablePointer<io_uring_sqe>, command: ControlCommand, payload: cu_ctrl_cmd,
        userData: UInt64
    ) throws(Errno) {
        var payload = payload
        cu_prep_ctrl(entry, try control.get(), command.rawValue, &payload, userData)
    }
}
