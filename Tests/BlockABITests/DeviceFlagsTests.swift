import CUblk
import Testing

@testable import BlockABI

@Test(arguments: [
    (DeviceFlags.userRecovery, CU_F_USER_RECOVERY), (.userRecoveryReissue, CU_F_USER_RECOVERY_REISSUE),
    (.userRecoveryFailIO, CU_F_USER_RECOVERY_FAIL_IO), (.quiesce, CU_F_QUIESCE),
    (.perIODaemon, CU_F_PER_IO_DAEMON), (.safeStopDevice, CU_F_SAFE_STOP_DEV),
    (.ioDescriptorSize, CU_F_IO_DESC_SIZE),
])
func flagsAreThoseOfTheHeader(flag: DeviceFlags, bit: UInt64) {
    #expect(flag.rawValue == bit)
}
