import BlockABI
import DevicePolicy
import LinuxSys

/// Taking the place of the ublkd that runs: its devices and workers stay, and are adopted by this process.
enum Succession {
    /// Nanoseconds that it gets to end by itself, and after SIGKILL.
    private static let patience: UInt64 = 3_000_000_000

    /// The lock of the runtime directory. The ublkd that has it is asked to end, and after three seconds killed.
    ///
    /// - Throws: EBUSY if it is there even then; what the file system says.
    static func lock(_ path: String, _ log: HostLog) throws(Errno) -> FileLock {
        for signal in [SignalNumber.terminate, SignalNumber.kill] {
            let end = Clock.monotonic() + patience
            var told: ProcessIdentity?
            while true {
                do throws(Errno) { return try FileLock(path: path) } catch {
                    guard error == .busy else { throw error }
                }
                // Whoever got it in between is asked, too.
                if let holder = holder(of: path), holder != told, (try? tell(holder, signal)) != nil {
                    log.write(.notice, "takes the place of process \(holder.pid)")
                    told = holder
                }
                guard Clock.monotonic() < end else { break }
                Clock.sleep(milliseconds: 10)
            }
        }
        throw .busy
    }

    /// The file's text outlives who wrote it: only a ublkd is believed to be the one.
    private static func holder(of path: String) -> ProcessIdentity? {
        guard let pid = FileLock.holder(path: path), pid != Host.processID,
            let stat = try? SmallFile.read(path: "/proc/\(pid)/stat"), ProcessStat(stat)?.name == "ublkd"
        else { return nil }
        return try? ProcessIdentity(of: pid)
    }

    private static func tell(_ process: ProcessIdentity, _ signal: Int32) throws(Errno) {
        let pidfd = try process.open()
        try Pidfd.signal(pidfd, signal)
    }
}
