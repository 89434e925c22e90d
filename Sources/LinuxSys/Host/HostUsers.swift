internal import CUblk

/// Users and groups of this host by name. Only for programs that are linked dynamically to the C library:
/// the lookup loads its modules.
public enum HostUsers {
    public static func user(named name: String) -> (uid: UInt32, gid: UInt32)? {
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        return cu_user(name, &uid, &gid) == 0 ? (uid, gid) : nil
    }

    public static func group(named name: String) -> UInt32? {
        var gid: UInt32 = 0
        return cu_group(name, &gid) == 0 ? gid : nil
    }
}
