internal import BlockABI
internal import Glibc

/// Who uses block devices: asked of `/proc` and `/sys`, which name a user where the kernel only says EBUSY. Nothing is
/// opened and no file server is asked, so that none can hold the caller up.
public enum DiskUsers {
    /// Everybody who uses disk `name` (`ublkb3`) or one of its partitions; the kernel's users first.
    public static func of(_ name: String) -> [DiskUser] { of([name])[name] ?? [] }

    /// The same for many disks in one look: every process of the host is looked at once, however many disks there are.
    /// A disk without users is not in it.
    public static func of(_ names: [String]) -> [String: [DiskUser]] {
        // Who cannot be looked for may be there.
        guard canLook() else { return Dictionary(names.map { ($0, [.unknown]) }) { first, _ in first } }
        var look = DiskLook(
            parts: names.flatMap { disk in
                ([disk] + Sysfs.partitions(of: disk)).compactMap { DiskLook.Part(name: $0, disk: disk) }
            })
        guard !look.parts.isEmpty else { return [:] }
        look.findMounts()
        look.findSwap()
        look.findStacked()
        look.findLoops()
        look.findProcesses()
        return look.users
    }

    /// A look has two files open at a time at most.
    private static func canLook() -> Bool {
        guard let first = try? Fd.open("/proc", flags: O_RDONLY | O_DIRECTORY) else { return false }
        return (try? first.duplicate()) != nil
    }
}

/// One look around.
private struct DiskLook {
    /// A disk, or a partition of it.
    struct Part {
        let name: String
        let disk: String
        let kind: FileStatus.Kind

        init?(name: String, disk: String) {
            guard let number = Sysfs.number(of: name), let node = deviceNumber(number) else { return nil }
            self.name = name
            self.disk = disk
            kind = .blockDevice(node)
        }
    }

    let parts: [Part]
    private let disksByKind: [FileStatus.Kind: String]
    private(set) var users: [String: [DiskUser]] = [:]

    init(parts: [Part]) {
        self.parts = parts
        disksByKind = Dictionary(parts.map { ($0.kind, $0.disk) }) { first, _ in first }
    }

    private mutating func add(_ user: DiskUser, to disk: String) {
        if users[disk]?.contains(user) != true { users[disk, default: []].append(user) }
    }

    mutating func findMounts() {
        for space in MountTable.namespaces() {
            for entry in MountTable.entries(of: space) {
                // btrfs shows a number of its own there: its source tells.
                let node = deviceNumber(entry.device).flatMap { disksByKind[.blockDevice($0)] }
                guard let disk = node ?? disk(at: entry.source) else { continue }
                add(.mount(path: entry.mountPoint), to: disk)
            }
        }
    }

    mutating func findSwap() {
        guard let text = try? SmallFile.text(path: "/proc/swaps") else { return }
        for line in text.split(separator: "\n").dropFirst() {
            let fields = Array(line.utf8).split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
            if let path = fields.first, let disk = disk(at: MountTable.unescape(path)) {
                add(.swap, to: disk)
            }
        }
    }

    mutating func findStacked() {
        for part in parts {
            for name in Directory.names(of: "/sys/class/block/\(part.name)/holders").sorted() {
                add(.device(name: name), to: part.disk)
            }
        }
    }

    mutating func findLoops() {
        for loop in Directory.names(of: "/sys/block").filter({ $0.hasPrefix("loop") }).sorted() {
            let path = try? SmallFile.text(path: "/sys/block/\(loop)/loop/backing_file", limit: 8192)
            if let path, let disk = disk(at: path) { add(.device(name: loop), to: disk) }
        }
    }

    /// Processes with a descriptor of one of the disks, whatever path it was opened by; ascending.
    mutating func findProcesses() {
        for pid in Directory.names(of: "/proc").compactMap({ Int32($0) }).sorted() {
            let folder = "/proc/\(pid)/fd"
            let kinds = Directory.names(of: folder).compactMap {
                try? FileStatus(path: "\(folder)/\($0)").kind
            }
            for disk in Set(kinds.compactMap { disksByKind[$0] }) {
                add(.process(pid: pid, name: NodeHolders.name(of: pid)), to: disk)
            }
        }
    }

    /// Only a path below `/dev` is looked at: another may lie on a file server that does not answer.
    private func disk(at path: String) -> String? {
        guard path.hasPrefix("/dev/"), let status = try? FileStatus(path: path) else { return nil }
        return disksByKind[status.kind]
    }
}
