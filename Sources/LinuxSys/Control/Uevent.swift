public import BlockABI
internal import Glibc

/// Events of block devices: what their file `uevent` in sysfs says, and synthetic ones (kernel
/// Documentation/ABI/testing/sysfs-uevent). The file is open already, so nothing here waits for anybody.
public enum Uevent {
    /// Marks events that come from here: a rule finds it as `SYNTH_UUID`.
    static var mark: String { "6a3f6c0e-5b1d-4f0a-9a58-0c2d7e51b1d4" }

    /// Tells udev that the disk changed. Each key arrives as `SYNTH_ARG_KEY`; keys and values are letters and
    /// digits alone, the kernel takes no others. ENODEV: the disk is gone.
    public static func change(_ file: borrowing Fd, values: [(key: String, value: String)]) throws(Errno) {
        let words = ["change", mark] + values.map { "\($0.key)=\($0.value)" }
        let text = Array(words.joined(separator: " ").utf8)
        guard pwrite(file.raw, text, text.count, 0) == text.count else { throw Errno(errno) }
    }

    /// Counts the disks of this host: no two that ever bore one name have the same. ENODEV: the disk is gone, or the
    /// kernel does not say (block/genhd.c, since 5.15).
    public static func diskSequence(_ file: borrowing Fd) throws(Errno) -> UInt64 {
        let lines = try SmallFile.text(file, limit: 4096).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("DISKSEQ=") }),
            let sequence = UInt64(line.dropFirst("DISKSEQ=".count))
        else { throw .noSuchDevice }
        return sequence
    }
}
