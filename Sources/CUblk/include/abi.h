// The ublk user ABI as this project states it, from the layouts documented for the Linux ublk driver
// (include/uapi/linux/ublk_cmd.h, Documentation/block/ublk.rst of kernels 6.12 to 7.3). layout.c asserts
// every size, offset and encoded command number.
#ifndef CUBLK_ABI_H
#define CUBLK_ABI_H

#include <stddef.h>
#include <stdint.h>

// ---- control commands: IORING_OP_URING_CMD on /dev/ublk-control, ring with 128-byte entries --------------

#define CU_CTRL_GET_QUEUE_AFFINITY 0x80207501u
#define CU_CTRL_GET_DEV_INFO 0x80207502u
#define CU_CTRL_ADD_DEV 0xc0207504u
#define CU_CTRL_DEL_DEV 0xc0207505u
#define CU_CTRL_START_DEV 0xc0207506u
#define CU_CTRL_STOP_DEV 0xc0207507u
#define CU_CTRL_SET_PARAMS 0xc0207508u
#define CU_CTRL_GET_PARAMS 0x80207509u
#define CU_CTRL_START_USER_RECOVERY 0xc0207510u
#define CU_CTRL_END_USER_RECOVERY 0xc0207511u
#define CU_CTRL_GET_DEV_INFO2 0x80207512u
#define CU_CTRL_GET_FEATURES 0x80207513u
#define CU_CTRL_DEL_DEV_ASYNC 0x80207514u
#define CU_CTRL_UPDATE_SIZE 0xc0207515u
#define CU_CTRL_QUIESCE_DEV 0xc0207516u
#define CU_CTRL_TRY_STOP_DEV 0xc0207517u
#define CU_CTRL_REG_BUF 0xc0207518u
#define CU_CTRL_UNREG_BUF 0xc0207519u

// Command payload, at byte 48 of the 128-byte submission entry. 32 bytes.
struct cu_ctrl_cmd {
    uint32_t dev_id;       // N of ublkbN; 0xffffffff in ADD_DEV: the kernel chooses
    uint16_t queue_id;     // 0xffff unless a command names a queue
    uint16_t len;          // bytes at addr
    uint64_t addr;         // user buffer, in or out
    uint64_t data[1];      // command specific: server pid, sectors, queue, milliseconds
    uint16_t dev_path_len; // GET_DEV_INFO2 and unprivileged devices only
    uint16_t pad;
    uint32_t reserved;
};

// ADD_DEV in and out, GET_DEV_INFO out. 64 bytes.
struct cu_dev_info {
    uint16_t nr_hw_queues;
    uint16_t queue_depth;
    uint16_t state;         // cu_dev_state
    uint16_t pad0;
    uint32_t max_io_buf_bytes;
    uint32_t dev_id;
    int32_t ublksrv_pid;
    uint32_t pad1;
    uint64_t flags;         // CU_F_*
    uint64_t ublksrv_flags; // opaque to the driver: the owner cookie
    uint32_t owner_uid;
    uint32_t owner_gid;
    uint64_t reserved1;     // stored untouched
    uint64_t reserved2;
};

#define CU_STATE_DEAD 0
#define CU_STATE_LIVE 1
#define CU_STATE_QUIESCED 2
#define CU_STATE_FAIL_IO 3

// ---- feature and device flags ---------------------------------------------------------------------------

#define CU_F_SUPPORT_ZERO_COPY (1ull << 0)
#define CU_F_URING_CMD_COMP_IN_TASK (1ull << 1)
#define CU_F_NEED_GET_DATA (1ull << 2)
#define CU_F_USER_RECOVERY (1ull << 3)
#define CU_F_USER_RECOVERY_REISSUE (1ull << 4)
#define CU_F_UNPRIVILEGED_DEV (1ull << 5)
#define CU_F_CMD_IOCTL_ENCODE (1ull << 6)
#define CU_F_USER_COPY (1ull << 7)
#define CU_F_ZONED (1ull << 8)
#define CU_F_USER_RECOVERY_FAIL_IO (1ull << 9)
#define CU_F_UPDATE_SIZE (1ull << 10)
#define CU_F_AUTO_BUF_REG (1ull << 11)
#define CU_F_QUIESCE (1ull << 12)
#define CU_F_PER_IO_DAEMON (1ull << 13)
#define CU_F_BUF_REG_OFF_DAEMON (1ull << 14)
#define CU_F_BATCH_IO (1ull << 15)
#define CU_F_INTEGRITY (1ull << 16)
#define CU_F_SAFE_STOP_DEV (1ull << 17)
#define CU_F_NO_AUTO_PART_SCAN (1ull << 18)
#define CU_F_SHMEM_ZC (1ull << 19)
#define CU_F_IO_DESC_SIZE (1ull << 20)

// ---- device parameters ----------------------------------------------------------------------------------

#define CU_PARAM_BASIC (1u << 0)
#define CU_PARAM_DISCARD (1u << 1)
#define CU_PARAM_DEVT (1u << 2)
#define CU_PARAM_ZONED (1u << 3)
#define CU_PARAM_DMA_ALIGN (1u << 4)
#define CU_PARAM_SEGMENT (1u << 5)
#define CU_PARAM_INTEGRITY (1u << 6)

#define CU_ATTR_READ_ONLY (1u << 0)
#define CU_ATTR_ROTATIONAL (1u << 1)
#define CU_ATTR_VOLATILE_CACHE (1u << 2)
#define CU_ATTR_FUA (1u << 3) // honoured only together with VOLATILE_CACHE

struct cu_param_basic {
    uint32_t attrs;
    uint8_t logical_bs_shift;
    uint8_t physical_bs_shift;
    uint8_t io_opt_shift;
    uint8_t io_min_shift;
    uint32_t max_sectors;
    uint32_t chunk_sectors;
    uint64_t dev_sectors;
    uint64_t virt_boundary_mask;
};

struct cu_param_discard {
    uint32_t discard_alignment;
    uint32_t discard_granularity; // bytes
    uint32_t max_discard_sectors;
    uint32_t max_write_zeroes_sectors;
    uint16_t max_discard_segments;
    uint16_t reserved0;
};

struct cu_param_devt {
    uint32_t char_major, char_minor, disk_major, disk_minor;
};

struct cu_param_zoned {
    uint32_t max_open_zones;
    uint32_t max_active_zones;
    uint32_t max_zone_append_sectors;
    uint8_t reserved[20];
};

struct cu_param_dma_align {
    uint32_t alignment; // mask: alignment - 1
    uint8_t pad[4];
};

struct cu_param_segment {
    uint64_t seg_boundary_mask;
    uint32_t max_segment_size;
    uint16_t max_segments;
    uint8_t pad[2];
};

struct cu_param_integrity {
    uint32_t flags;
    uint16_t max_integrity_segments;
    uint8_t interval_exp;
    uint8_t metadata_size;
    uint8_t pi_offset;
    uint8_t csum_type;
    uint8_t tag_size;
    uint8_t pad[5];
};

// SET_PARAMS in, GET_PARAMS out. 152 bytes here; kernel 6.12 knows the first 112 and takes `len` for it.
struct cu_params {
    uint32_t len;
    uint32_t types;
    struct cu_param_basic basic;
    struct cu_param_discard discard;
    struct cu_param_devt devt;
    struct cu_param_zoned zoned;
    struct cu_param_dma_align dma;
    uint32_t pad_segment;
    struct cu_param_segment seg;
    struct cu_param_integrity integrity;
};

// SHMEM_ZC buffer registration (REG_BUF). 24 bytes.
struct cu_shmem_buf_reg {
    uint64_t addr;
    uint64_t len;
    uint32_t flags;
    uint32_t reserved;
};

// ---- I/O commands on /dev/ublkcN -------------------------------------------------------------------------

#define CU_IO_FETCH_REQ 0xc0107520u
#define CU_IO_COMMIT_AND_FETCH_REQ 0xc0107521u
#define CU_IO_NEED_GET_DATA 0xc0107522u
#define CU_IO_REGISTER_IO_BUF 0xc0107523u
#define CU_IO_UNREGISTER_IO_BUF 0xc0107524u
#define CU_IO_PREP_IO_CMDS 0xc0107525u
#define CU_IO_COMMIT_IO_CMDS 0xc0107526u
#define CU_IO_FETCH_IO_CMDS 0xc0107527u

#define CU_IO_RES_OK 0
#define CU_IO_RES_NEED_GET_DATA 1
#define CU_IO_RES_ABORT (-19) // -ENODEV: do not fetch again

struct cu_io_cmd {
    uint16_t q_id;
    uint16_t tag;
    int32_t result; // bytes done or -errno
    uint64_t addr;  // copy mode: buffer of the next request; zoned append: the LBA written
};

struct cu_batch_io {
    uint16_t q_id;
    uint16_t flags;
    uint16_t nr_elem;
    uint8_t elem_bytes;
    uint8_t reserved;
    uint64_t reserved2;
};

// One element of a batch command: 8 bytes, then 8 of buffer address and 8 of zone LBA where flagged.
struct cu_batch_elem {
    uint16_t tag;
    uint16_t buf_index;
    int32_t result;
};
#define CU_BATCH_F_ZONE_LBA 1u
#define CU_BATCH_F_BUF_ADDR 2u
#define CU_BATCH_F_AUTO_BUF_FALLBACK 4u

// Written by the driver into the array that /dev/ublkcN maps; valid after the completion of its tag.
struct cu_io_desc {
    uint32_t op_flags;   // operation in bits 0-7, flags from bit 8
    uint32_t nr_sectors; // 512-byte sectors; zones for zone operations
    uint64_t start_sector;
    uint64_t addr;
};

#define CU_OP_READ 0
#define CU_OP_WRITE 1
#define CU_OP_FLUSH 2
#define CU_OP_DISCARD 3
#define CU_OP_WRITE_SAME 4
#define CU_OP_WRITE_ZEROES 5
#define CU_OP_ZONE_OPEN 10
#define CU_OP_ZONE_CLOSE 11
#define CU_OP_ZONE_FINISH 12
#define CU_OP_ZONE_APPEND 13
#define CU_OP_ZONE_RESET_ALL 14
#define CU_OP_ZONE_RESET 15
#define CU_OP_REPORT_ZONES 18

#define CU_IO_F_FAILFAST_DEV (1u << 8)
#define CU_IO_F_FAILFAST_TRANSPORT (1u << 9)
#define CU_IO_F_FAILFAST_DRIVER (1u << 10)
#define CU_IO_F_META (1u << 11)
#define CU_IO_F_FUA (1u << 13)
#define CU_IO_F_NOUNMAP (1u << 15)
#define CU_IO_F_SWAP (1u << 16)
#define CU_IO_F_NEED_REG_BUF (1u << 17)
#define CU_IO_F_INTEGRITY (1u << 18)
#define CU_IO_F_SHMEM_ZC (1u << 19)

#define CU_MAX_QUEUE_DEPTH 4096u
#define CU_MAX_QUEUES 4096u
#define CU_MAX_DEV_ID (1u << 20)
#define CU_USER_COPY_BASE 0x80000000ull // pread and pwrite on ublkcN: base + (queue << 41 | tag << 25 | byte)

#endif
