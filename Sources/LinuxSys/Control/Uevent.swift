public import BlockABI
internal import Glibc

/// Synthetic uevents of block devices (kernel Documentation/ABI/testing/sysfs-uevent).
public enum Uevent {
    /// Marks events that come from here: a rule finds it as `SYNTH_UUID`.
    static var mark: String { "6a3f6c0e-5b1d-4f0a-9a58-0c2d7e51b1d4" }

    /// Tells udev that `disk` (`ublkb3`) changed. Waits for nobody. Each key arrives as `SYNTH_ARG_KEY`; keys
    /// and values are letters and digits alone, the kernel takes no others. ENOENT: there is no such disk.
    public static func change(disk: String, values: [(key: String, value: String)]) throws(Errno) {
        let words = ["change", mark] + values.map { "\($0.key)=\($0.value)" }
        let fd = try Fd.open("/sys/class/block/\(disk)/uevent", flags: O_WRONLY)
        let text = Array(words.joined(separator: " ").utf8)
        guard write(fd.raw, text, text.count) == text.count else { throw Errno(errno) }
    }
}
