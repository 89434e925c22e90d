import Glibc

/// A folder of its own that goes with its owner.
final class Scratch {
    let folder: String

    init() {
        var name = Array("/tmp/ublkd-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&name) != nil)
        folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let stream = opendir(folder) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink(path(name))
            }
            closedir(stream)
        }
        rmdir(folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Makes a file of so many bytes, all `fill`.
    func file(_ name: String, _ bytes: Int, fill: UInt8 = 0) -> String {
        let path = path(name)
        let number = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        precondition(number >= 0)
        let block = [UInt8](repeating: fill, count: 65_536)
        var left = bytes
        while left > 0 { left -= write(number, block, min(left, block.count)) }
        close(number)
        return path
    }

    func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}
