/// The device nodes of ublk in /dev.
public enum DeviceNodes {
    /// Numbers of the ublk devices that have a node, ascending: nearly what `Sysfs.ublkDevices` tells, without waiting
    /// for whoever makes or removes a device just now (every look at sysfs does: fs/kernfs/dir.c). A node may be there
    /// without a device, and a device for a moment without its node.
    public static func ublkDevices() -> [UInt32] { Sysfs.devices(in: "/dev") }
}
