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

// An I/O command of one slot on a ring with 64-byte entries. `file_index` is the slot of /dev/ublkcN in the
// ring's table of fixed files. Every byte of the entry is written: entries are reused.
static inline void cu_prep_io(struct io_uring_sqe *sqe, int file_index, uint32_t op, uint16_t queue,
                              uint16_t tag, int32_t result, uint64_t buffer, uint64_t user_data) {
    struct cu_io_cmd cmd = {.q_id = queue, .tag = tag, .result = result, .addr = buffer};
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->ioprio = 0;
    sqe->fd = file_index;
    sqe->off = op;
    sqe->addr = 0;
    sqe->len = 0;
    sqe->rw_flags = 0;
    sqe->user_data = user_data;
    sqe->buf_index = 0;
    sqe->personality = 0;
    sqe->splice_fd_in = 0;
    memcpy(cu_sqe_cmd(sqe), &cmd, sizeof(cmd));
}

// Completes with -ETIME once `time` has passed, or as it is cancelled. The kernel reads `time` when it takes the
// entry, not before.
static inline void cu_prep_timeout(struct io_uring_sqe *sqe, struct __kernel_timespec *time, uint64_t user_data) {
    io_uring_prep_timeout(sqe, time, 0, 0);
    sqe->user_data = user_data;
}

// The same with a time that does not come, some 270 years: until it is cancelled.
static inline void cu_prep_hold(struct io_uring_sqe *sqe, uint64_t user_data) {
    static struct __kernel_timespec never = {.tv_sec = 1ll << 33, .tv_nsec = 0};
    cu_prep_timeout(sqe, &never, user_data);
}

// The same with 20 ms: until something is tried again.
static inline void cu_prep_pause(struct io_uring_sqe *sqe, uint64_t user_data) {
    static struct __kernel_timespec pause = {.tv_sec = 0, .tv_nsec = 20000000};
    cu_prep_timeout(sqe, &pause, user_data);
}

// IOSQE_FIXED_FILE is a macro over an enum.
static inline uint32_t cu_fixed_file(void) { return IOSQE_FIXED_FILE; }

// The queue loop walks the completions itself: liburing's iterator is a macro, which Swift does not see.
static inline uint32_t cu_cq_head(const struct io_uring *ring) { return *ring->cq.khead; }
static inline uint32_t cu_cq_tail(const struct io_uring *ring) {
    return __atomic_load_n(ring->cq.ktail, __ATOMIC_ACQUIRE);
}
static inline uint64_t cu_cq_user_data(const struct io_uring *ring, uint32_t position) {
    return ring->cq.cqes[position & ring->cq.ring_mask].user_data;
}
static inline int32_t cu_cq_result(const struct io_uring *ring, uint32_t position) {
    return ring->cq.cqes[position & ring->cq.ring_mask].res;
}
static inline void cu_cq_release(struct io_uring *ring, uint32_t head) {
    __atomic_store_n(ring->cq.khead, head, __ATOMIC_RELEASE);
}
// Entries prepared and not yet taken by the kernel.
static inline uint32_t cu_sq_waiting(const struct io_uring *ring) {
    return ring->sq.sqe_tail - __atomic_load_n(ring->sq.khead, __ATOMIC_ACQUIRE);
}

#endif
