// Proof that abi.h has the layout the kernel documents: sizes, offsets and encoded command numbers.
#include "abi.h"
#include <linux/ioctl.h>

#define SIZE(type, n) _Static_assert(sizeof(struct type) == (n), #type " size")
#define AT(type, field, n) _Static_assert(offsetof(struct type, field) == (n), #type "." #field)
#define CTRL(name, dir, nr) _Static_assert(CU_CTRL_##name == dir('u', nr, struct cu_ctrl_cmd), #name)
#define IO(name, nr) _Static_assert(CU_IO_##name == _IOWR('u', nr, struct cu_io_cmd), #name)

SIZE(cu_ctrl_cmd, 32);
AT(cu_ctrl_cmd, queue_id, 4);
AT(cu_ctrl_cmd, len, 6);
AT(cu_ctrl_cmd, addr, 8);
AT(cu_ctrl_cmd, data, 16);
AT(cu_ctrl_cmd, dev_path_len, 24);

SIZE(cu_dev_info, 64);
AT(cu_dev_info, queue_depth, 2);
AT(cu_dev_info, state, 4);
AT(cu_dev_info, max_io_buf_bytes, 8);
AT(cu_dev_info, dev_id, 12);
AT(cu_dev_info, ublksrv_pid, 16);
AT(cu_dev_info, flags, 24);
AT(cu_dev_info, ublksrv_flags, 32);
AT(cu_dev_info, owner_uid, 40);
AT(cu_dev_info, owner_gid, 44);
AT(cu_dev_info, reserved1, 48);

SIZE(cu_params, 152);
AT(cu_params, basic, 8);
AT(cu_params, basic.max_sectors, 16);
AT(cu_params, basic.dev_sectors, 24);
AT(cu_params, basic.virt_boundary_mask, 32);
AT(cu_params, discard, 40);
AT(cu_params, discard.max_discard_segments, 56);
AT(cu_params, devt, 60);
AT(cu_params, zoned, 76);
AT(cu_params, dma, 108);
AT(cu_params, seg, 120);
AT(cu_params, integrity, 136);
SIZE(cu_param_basic, 32);
SIZE(cu_param_discard, 20);
SIZE(cu_param_devt, 16);
SIZE(cu_param_zoned, 32);
SIZE(cu_param_dma_align, 8);
SIZE(cu_param_segment, 16);
SIZE(cu_param_integrity, 16);
SIZE(cu_shmem_buf_reg, 24);

SIZE(cu_io_cmd, 16);
AT(cu_io_cmd, tag, 2);
AT(cu_io_cmd, result, 4);
AT(cu_io_cmd, addr, 8);
SIZE(cu_batch_io, 16);
AT(cu_batch_io, nr_elem, 4);
AT(cu_batch_io, elem_bytes, 6);
SIZE(cu_batch_elem, 8);
SIZE(cu_io_desc, 24);
AT(cu_io_desc, nr_sectors, 4);
AT(cu_io_desc, start_sector, 8);
AT(cu_io_desc, addr, 16);

CTRL(GET_QUEUE_AFFINITY, _IOR, 0x01);
CTRL(GET_DEV_INFO, _IOR, 0x02);
CTRL(ADD_DEV, _IOWR, 0x04);
CTRL(DEL_DEV, _IOWR, 0x05);
CTRL(START_DEV, _IOWR, 0x06);
CTRL(STOP_DEV, _IOWR, 0x07);
CTRL(SET_PARAMS, _IOWR, 0x08);
CTRL(GET_PARAMS, _IOR, 0x09);
CTRL(START_USER_RECOVERY, _IOWR, 0x10);
CTRL(END_USER_RECOVERY, _IOWR, 0x11);
CTRL(GET_DEV_INFO2, _IOR, 0x12);
CTRL(GET_FEATURES, _IOR, 0x13);
CTRL(DEL_DEV_ASYNC, _IOR, 0x14);
CTRL(UPDATE_SIZE, _IOWR, 0x15);
CTRL(QUIESCE_DEV, _IOWR, 0x16);
CTRL(TRY_STOP_DEV, _IOWR, 0x17);
CTRL(REG_BUF, _IOWR, 0x18);
CTRL(UNREG_BUF, _IOWR, 0x19);

IO(FETCH_REQ, 0x20);
IO(COMMIT_AND_FETCH_REQ, 0x21);
IO(NEED_GET_DATA, 0x22);
IO(REGISTER_IO_BUF, 0x23);
IO(UNREGISTER_IO_BUF, 0x24);
IO(PREP_IO_CMDS, 0x25);
IO(COMMIT_IO_CMDS, 0x26);
IO(FETCH_IO_CMDS, 0x27);
