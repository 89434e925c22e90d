internal import BlockABI

/// Who holds a character device node: asked of `/proc`. Nothing is opened and no file server is asked, so that none can
/// hold the caller up. For the same reason mappings are looked at only in our own processes: reading those of another
/// waits for a thread of it that is changing them, which may itself wait for a disk of ours.
public enum NodeHolders {
    /// Processes with the node open, and those of ours that have it mapped, ascending. `node` is its path below `/dev`;
    /// a descriptor counts whatever path it was opened by.
    public static func processes(ofNode node: String) -> [(pid: Int32, name: String)] {
        let kind = (try? FileStatus(path: node))?.kind
        let mappings = NodeMappings(of: [node])
        return Directory.names(of: "/proc").compactMap { Int32($0) }.sorted()
            .filter { pid in
                kind.map { holds(pid: pid, $0) } ?? false
                    || isOurs(pid) && !mappings.found(in: pid).isEmpty
            }
            .map { ($0, name(of: $0)) }
    }

    /// True when the process is one of ours and has a mapping of the node: it serves that device.
    public static func maps(pid: Int32, node: String) -> Bool {
        isOurs(pid) && !NodeMappings(of: [node]).found(in: pid).isEmpty
    }

    /// The first process of ours that has each of these nodes mapped, found in one look.
    public static func servers(ofNodes nodes: [String]) -> [String: Int32] {
        guard !nodes.isEmpty else { return [:] }
        let mappings = NodeMappings(of: nodes)
        var servers: [String: Int32] = [:]
        for pid in Directory.names(of: "/proc").compactMap({ Int32($0) }).sorted() where isOurs(pid) {
            for node in mappings.found(in: pid) where servers[node] == nil { servers[node] = pid }
        }
        return servers
    }

    /// Workers, agents and whatever they started call themselves so.
    private static func isOurs(_ pid: Int32) -> Bool { name(of: pid).hasPrefix("ublkd") }

    private static func holds(pid: Int32, _ kind: FileStatus.Kind) -> Bool {
        let folder = "/proc/\(pid)/fd"
        return Directory.names(of: folder).contains {
            (try? FileStatus(path: "\(folder)/\($0)"))?.kind == kind
        }
    }

    /// What the process calls itself.
    static func name(of pid: Int32) -> String {
        (try? SmallFile.text(path: "/proc/\(pid)/comm", limit: 64)) ?? "?"
    }
}
