/// The kernel's word on a ublk device (`ublksrv_ctrl_dev_info.state`, GET_DEV_INFO).
public enum KernelState: String, Codable, Sendable, CaseIterable {
    case dead = "DEAD"
    case live = "LIVE"
    case quiesced = "QUIESCED"
    case failIO = "FAIL_IO"
}
