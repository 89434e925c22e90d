public import BlockABI
internal import CUblk

/// What the kernel knows of a file without asking a file server, so it never waits for one.
public struct FileStatus: Equatable, Sendable {
    public enum Kind: Hashable, Sendable {
        case regular, directory, symbolicLink, socket, fifo
        /// A device node and its number (`makedev`).
        case blockDevice(UInt64)
        case characterDevice(UInt64)
        case other
    }

    public let kind: Kind
    /// Permission bits, the set-id and sticky ones included.
    public let permissions: UInt32
    public let uid: UInt32
    public let gid: UInt32
    /// Number of the file system (`makedev`).
    public let device: UInt64
    public let inode: UInt64
    /// Bytes; 0 for a device node.
    public let size: UInt64

    /// Of what `path` leads to, or with `follow` false of the link itself.
    public init(path: String, follow: Bool = true) throws(Errno) {
        var raw = cu_file()
        try Errno.check(cu_file_at(path, follow ? 1 : 0, &raw))
        self.init(raw)
    }

    public init(of fd: borrowing Fd) throws(Errno) {
        var raw = cu_file()
        try Errno.check(cu_file_of(fd.raw, &raw))
        self.init(raw)
    }

    private init(_ raw: cu_file) {
        kind =
            switch raw.mode & 0o170000 {
            case 0o100000: .regular
            case 0o040000: .directory
            case 0o120000: .symbolicLink
            case 0o140000: .socket
            case 0o010000: .fifo
            case 0o060000: .blockDevice(raw.node)
            case 0o020000: .characterDevice(raw.node)
            default: .other
            }
        permissions = raw.mode & 0o7777
        uid = raw.uid
        gid = raw.gid
        device = raw.device
        inode = raw.inode
        size = raw.size
    }

    /// True when somebody else than root can change the contents: by owner, group or mode.
    public var isWritableByOthersThanRoot: Bool {
        uid != 0 || permissions & 0o002 != 0 || (gid != 0 && permissions & 0o020 != 0)
    }
}

/// The number of a device, in the form `major:minor` that procfs and sysfs use.
public func deviceNumberText(_ number: UInt64) -> String { "\(cu_major(number)):\(cu_minor(number))" }

/// The number of a device from the form `major:minor`; nil for anything else.
public func deviceNumber(_ text: String) -> UInt64? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]) else { return nil }
    return cu_device_number(major, minor)
}
