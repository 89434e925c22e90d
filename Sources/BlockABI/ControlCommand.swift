/// A control command of the ublk driver by its encoded number (`include/uapi/linux/ublk_cmd.h`).
public enum ControlCommand: UInt32, Sendable, CaseIterable {
    case getQueueAffinity = 0x8020_7501
    case getDeviceInfo = 0x8020_7502
    case addDevice = 0xc020_7504
    case deleteDevice = 0xc020_7505
    case startDevice = 0xc020_7506
    case stopDevice = 0xc020_7507
    case setParameters = 0xc020_7508
    case getParameters = 0x8020_7509
    case startUserRecovery = 0xc020_7510
    case endUserRecovery = 0xc020_7511
    case getDeviceInfo2 = 0x8020_7512
    case getFeatures = 0x8020_7513
    case deleteDeviceAsync = 0x8020_7514
    case updateSize = 0xc020_7515
    case quiesceDevice = 0xc020_7516
    case tryStopDevice = 0xc020_7517
    case registerBuffer = 0xc020_7518
    case unregisterBuffer = 0xc020_7519
}
