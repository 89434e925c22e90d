// Ring helpers. Inline, so that the Swift loop has no call in it.
#ifndef CUBLK_RING_H
#define CUBLK_RING_H

#include <liburing.h>
#include <string.h>
#include "abi.h"

// The command area of a submission entry: 16 bytes of a 64-byte entry, 80 of a 128-byte one.
static inline void *cu_sqe_cmd(struct io_uring_sqe *sqe) { return (char *)sqe + 48; }

// A control command on a ring made with IORING_SETUP_SQE128. `fd` is /dev/ublk-control.
static inline void cu_prep_ctrl(struct io_uring_sqe *sqe, int fd, uint32_t op, const struct cu_ctrl_cmd *cmd,
                                uint64_t user_data) {
    memset(sqe, 0, 128);
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = fd;
    sqe->off = op; // cmd_op in the low half, __pad1 zero
    sqe->user_data = user_data;
    memcpy(cu_sqe_cmd(sqe), cmd, sizeof(*cmd));
}

#endif
