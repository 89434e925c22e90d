// Control commands of the ublk driver, for the support programs.
#ifndef SUPPORT_CONTROL_H
#define SUPPORT_CONTROL_H

#include <sys/types.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <liburing.h>

#include "abi.h"

struct control {
    int fd;
    struct io_uring ring;
};

// Ends the program: `what` failed with -result.
static inline void give_up(int result, const char *what)
{
    errno = -result;
    err(1, "%s", what);
}

static inline void control_open(struct control *control)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SQE128};
    control->fd = open("/dev/ublk-control", O_RDWR | O_CLOEXEC);
    if (control->fd < 0)
        err(1, "/dev/ublk-control");
    int result = io_uring_queue_init_params(4, &control->ring, &params);
    if (result)
        give_up(result, "io_uring");
}

// Issues one command and waits for it. Returns 0 or -errno.
static inline int control_do(struct control *control, uint32_t op, struct cu_ctrl_cmd command)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&control->ring);
    struct io_uring_cqe *cqe;
    if (!sqe)
        errx(1, "the control ring is full");
    memset(sqe, 0, 128);
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = control->fd;
    sqe->off = op;
    command.queue_id = command.queue_id ? command.queue_id : 0xffff;
    memcpy((char *)sqe + 48, &command, sizeof command);
    io_uring_submit(&control->ring);
    int result = io_uring_wait_cqe(&control->ring, &cqe);
    if (result)
        return result;
    result = cqe->res;
    io_uring_cqe_seen(&control->ring, cqe);
    return result;
}

static inline void control_must(struct control *control, uint32_t op, struct cu_ctrl_cmd command, const char *what)
{
    int result = control_do(control, op, command);
    if (result < 0)
        give_up(result, what);
}

#endif
