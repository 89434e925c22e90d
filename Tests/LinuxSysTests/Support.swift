import BlockABI
import Glibc
import LinuxSys
import Testing

/// All of them, one after the other: some count the descriptors and children of this process.
@Suite(.serialized) struct LinuxSysTests {}

/// The descriptors that are open in this process.
func openDescriptors() -> Set<Int32> {
    Set((0..<512).filter { fcntl($0, F_GETFD) >= 0 })
}

/// This process has the file open.
func isOpen(_ path: String) -> Bool {
    var wanted = stat()
    guard stat(path, &wanted) == 0 else { return false }
    return openDescriptors().contains { number in
        var found = stat()
        return fstat(number, &found) == 0 && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev
    }
}

/// Whether `body` leaves a descriptor open, or closes one that is not its own. Other tests of this process open and
/// close theirs meanwhile, so one undisturbed run in which nothing changed is enough: a leak shows in each.
func changesDescriptors(_ body: () throws -> Void) rethrows -> Bool {
    for _ in 0..<50 {
        let before = openDescriptors()
        try body()
        if openDescriptors() == before { return false }
        usleep(20_000)
    }
    return true
}

/// Waits for the end of a child, ten seconds at most.
func waitForEnd(_ child: borrowing Child) throws -> ExitCause? {
    var p = pollfd(fd: child.pidfd.raw, events: Int16(POLLIN), revents: 0)
    guard poll(&p, 1, 10_000) > 0 else { return nil }
    return try child.reap()
}

/// A directory of its own, removed with the owner.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/ublkd-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { room in
            guard let base = room.baseAddress, let made = mkdtemp(base) else { return "/tmp" }
            return String(cString: made)
        }
    }

    deinit {
        guard path != "/tmp",
            let child = try? Child.spawn(
                path: "/bin/rm", arguments: ["rm", "-rf", path], environment: [])
        else { return }
        _ = try? waitForEnd(child)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}
