internal import Glibc
internal import LinuxSys

/// `ublkd-worker agent`: serves ublkd's control requests until ublkd's end of the socket closes.
func runAgent() -> Never {
    exit(ControlAgent.run(socket: Fd(owning: ChildProtocol.socketDescriptor)))
}
