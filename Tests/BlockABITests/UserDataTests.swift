import CUblk
import Testing

@testable import BlockABI

@Test(arguments: [UInt16(0), 1, 127, 4095, .max], [UInt8(0), 1, .max])
func userDataCarriesWhatItWasGiven(tag: UInt16, step: UInt8) {
    for kind in [UserData.Kind.slot, .backend, .wake, .grace] {
        let packed = UserData(kind, tag: tag, step: step)
        let arrived = UserData(rawValue: packed.rawValue)
        #expect(arrived.kind == kind)
        #expect(arrived.tag == tag)
        #expect(arrived.step == step)
    }
}

@Test func anEmptyEntryIsOfNoKind() {
    #expect(![.slot, .backend, .wake, .grace].contains(UserData(rawValue: 0).kind))
}

@Test func aDescriptorIsReadAsBytes() {
    var descriptor = cu_io_desc()
    descriptor.op_flags = UInt32(CU_OP_WRITE_ZEROES) | CU_IO_F_FUA | CU_IO_F_NOUNMAP
    descriptor.nr_sectors = .max
    descriptor.start_sector = 3
    let request = IORequest(descriptor)
    #expect(request.operation == .writeZeroes)
    #expect(request.flags.contains(.forceUnitAccess))
    #expect(request.flags.contains(.noUnmap))
    #expect(request.offset == 1536)
    #expect(request.length == UInt64(UInt32.max) * 512)
    #expect(request.operation.modifies && !request.operation.hasData)
}
