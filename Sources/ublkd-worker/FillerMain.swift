internal import Glibc
internal import LinuxSys

/// `ublkd-worker filler DEVICE QUEUES DEPTH AGENT`: started by an agent only.
func runFiller(_ arguments: [String]) -> Never {
    // Not exit: the ring is to be closed by the end of the process, whatever else libc would do first.
    _exit(FillerProcess.run(arguments: arguments))
}
