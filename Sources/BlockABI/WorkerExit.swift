/// Exit statuses of a worker that ublkd tells apart.
public enum WorkerExit {
    /// A queue thread ended though nobody had ordered it, or its ring was lost: the process ends with it, as a
    /// device with one dead queue looks alive to the kernel and hangs.
    public static var threadEnded: Int32 { 70 }
}
