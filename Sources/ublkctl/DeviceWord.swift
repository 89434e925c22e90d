internal import Glibc
internal import StatusWire

/// What a user may write to mean a device: its name, `N`, `ublkbN`, or a path of the node.
enum DeviceWord {
    /// Where udev puts the links by name.
    static var linkFolder: String { "/dev/ublk/by-name/" }

    /// The devices of `words`, each once, in the order of the words.
    ///
    /// - Throws: `noSuchDevice` for the first word that means none.
    static func resolve(
        _ words: [String], in devices: [DeviceSummary], followingLinks target: (String) -> String? = realPath
    ) throws(Failure) -> [DeviceSummary] {
        var found: [DeviceSummary] = []
        for word in words {
            guard let device = find(word, in: devices, followingLinks: target) else {
                throw Failure.noSuchDevice(word, known: devices.map(\.name))
            }
            if !found.contains(where: { $0.name == device.name }) { found.append(device) }
        }
        return found
    }

    /// A name wins over a number: `[device.7]` is a legal name.
    static func find(
        _ word: String, in devices: [DeviceSummary], followingLinks target: (String) -> String? = realPath
    ) -> DeviceSummary? {
        if let device = devices.first(where: { $0.name == word }) { return device }
        if let id = number(word) ?? nodeNumber(word) { return devices.first { $0.id == id } }
        guard word.contains("/") else { return nil }
        if let node = target(word), node.hasPrefix("/dev/"), let id = nodeNumber(String(node.dropFirst(5))) {
            return devices.first { $0.id == id }
        }
        // A link whose node is gone still tells the name.
        guard word.hasPrefix(linkFolder) else { return nil }
        let name = word.dropFirst(linkFolder.count)
        return devices.first { $0.name == name }
    }

    /// The word without its path, for ublkd, which follows no links: `ublkb3`, or the name behind a link of
    /// ours whose node is gone.
    static func plain(_ word: String, followingLinks target: (String) -> String? = realPath) -> String {
        guard word.contains("/") else { return word }
        if let node = target(word), node.hasPrefix("/dev/ublkb") { return String(node.dropFirst(5)) }
        return word.hasPrefix(linkFolder) ? String(word.dropFirst(linkFolder.count)) : word
    }

    private static func nodeNumber(_ word: String) -> Int? {
        word.hasPrefix("ublkb") ? number(String(word.dropFirst(5))) : nil
    }

    private static func number(_ word: String) -> Int? {
        guard !word.isEmpty, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(word)
    }

    /// The path with every link followed; nil when it leads nowhere.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
