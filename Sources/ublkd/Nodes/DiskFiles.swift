import BlockABI
import LinuxSys

/// The files of one disk in sysfs, open as long as it is there. To open one waits for whoever makes or removes a device
/// just then, and on a busy host for all that runs before him (fs/kernfs/dir.c: `kernfs_rwsem`); to use an open one
/// waits for nobody.
final class DiskFiles {
    /// The kernel's number of the disk: no other one ever has it.
    let sequence: UInt64
    private let uevent: SharedFd
    private let inflight: SharedFd

    /// `uevent`, open for both, and `inflight` of the same disk. ENODEV: it is gone.
    init(uevent: SharedFd, inflight: SharedFd) throws(Errno) {
        sequence = try Uevent.diskSequence(uevent.fd)
        self.uevent = uevent
        self.inflight = inflight
    }

    /// Opens them here and now. ENOENT: there is no such disk.
    convenience init(disk: String) throws(Errno) {
        try self.init(
            uevent: SharedFd(try Sysfs.openEvents(ofDisk: disk)),
            inflight: SharedFd(try Sysfs.openInflight(ofDisk: disk)))
    }

    /// Tells udev to have a look.
    func change(_ values: [(key: String, value: String)]) throws(Errno) {
        try Uevent.change(uevent.fd, values: values)
    }

    /// Requests that the kernel has begun on the disk and not seen the end of; 0 when the disk is gone.
    var requestsInflight: Int { Sysfs.inflight(inflight.fd) }
}

/// What ublkd has of a device's disk.
enum DiskLook {
    /// There is none, or nobody looked.
    case none
    /// An agent opens its files.
    case asked(Asking)
    case open(DiskFiles)

    /// One such question: an answer to an earlier one is about a former disk.
    final class Asking {
        /// udev is to be told of the disk then.
        var announces: Bool

        init(announces: Bool) { self.announces = announces }
    }

    var files: DiskFiles? {
        if case .open(let files) = self { files } else { nil }
    }

    func isAsked(by asking: Asking) -> Bool {
        if case .asked(let present) = self { present === asking } else { false }
    }
}
