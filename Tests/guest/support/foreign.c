// foreign [MIB [ID]]: a ublk server that is not ours: one memory device with one queue and no recovery, its
// ublksrv_flags 0. Prints its number once it is live, serves until SIGTERM, then removes it. Cases use it
// to show that ublkd leaves other tools' devices alone.
#include "control.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define DEPTH 32u
#define MAX_IO (512u << 10)

struct server {
    int device;
    uint64_t bytes;
    char *contents;
    char *buffer[DEPTH];
    const struct cu_io_desc *descriptors;
    struct io_uring ring;
    atomic_bool fetched;
};

static void queue_command(struct server *server, uint32_t op, uint16_t tag, int result)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
    struct cu_io_cmd command = {.tag = tag, .result = result, .addr = (uintptr_t)server->buffer[tag]};
    if (!sqe)
        errx(1, "the queue's ring is full");
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = server->device;
    sqe->off = op;
    sqe->user_data = tag;
    memcpy((char *)sqe + 48, &command, sizeof command);
}

static int serve(struct server *server, uint16_t tag)
{
    const struct cu_io_desc *request = &server->descriptors[tag];
    uint64_t offset = request->start_sector << 9, length = (uint64_t)request->nr_sectors << 9;
    if (offset > server->bytes || length > server->bytes - offset)
        return -EIO;
    switch (request->op_flags & 0xff) {
    case CU_OP_READ:
        memcpy(server->buffer[tag], server->contents + offset, length);
        return (int)length;
    case CU_OP_WRITE:
        memcpy(server->contents + offset, server->buffer[tag], length);
        return (int)length;
    case CU_OP_FLUSH:
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

static void *serve_queue(void *argument)
{
    struct server *server = argument;
    unsigned left = DEPTH;
    int result = io_uring_queue_init(DEPTH, &server->ring, 0);
    if (result)
        give_up(result, "io_uring");
    for (uint16_t tag = 0; tag < DEPTH; tag++)
        queue_command(server, CU_IO_FETCH_REQ, tag, 0);
    io_uring_submit(&server->ring);
    atomic_store(&server->fetched, true);
    while (left) {
        struct io_uring_cqe *cqe;
        io_uring_submit_and_wait(&server->ring, 1);
        while (!io_uring_peek_cqe(&server->ring, &cqe)) {
            uint16_t tag = (uint16_t)cqe->user_data;
            int got = cqe->res;
            io_uring_cqe_seen(&server->ring, cqe);
            if (got == CU_IO_RES_OK)
                queue_command(server, CU_IO_COMMIT_AND_FETCH_REQ, tag, serve(server, tag));
            else
                left--;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct server server;
    struct control control;
    pthread_t thread;
    sigset_t stop;
    char path[32];
    int number;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    server.bytes = (argc > 1 ? strtoull(argv[1], NULL, 10) : 64) << 20;
    server.contents = mmap(NULL, server.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (server.contents == MAP_FAILED)
        err(1, "memory");
    for (unsigned tag = 0; tag < DEPTH; tag++)
        server.buffer[tag] = aligned_alloc(4096, MAX_IO);

    control_open(&control);
    struct cu_dev_info info = {.nr_hw_queues = 1, .queue_depth = DEPTH, .max_io_buf_bytes = MAX_IO,
                               .dev_id = argc > 2 ? (uint32_t)atoi(argv[2]) : UINT32_MAX};
    control_must(&control, CU_CTRL_ADD_DEV,
                 (struct cu_ctrl_cmd){.dev_id = info.dev_id, .addr = (uintptr_t)&info, .len = sizeof info}, "ADD_DEV");
    struct cu_params params = {.len = 112, .types = CU_PARAM_BASIC,
                               .basic = {.logical_bs_shift = 9, .physical_bs_shift = 12, .io_opt_shift = 12,
                                         .io_min_shift = 9, .max_sectors = MAX_IO >> 9,
                                         .dev_sectors = server.bytes >> 9}};
    control_must(&control, CU_CTRL_SET_PARAMS,
                 (struct cu_ctrl_cmd){.dev_id = info.dev_id, .addr = (uintptr_t)&params, .len = 112}, "SET_PARAMS");

    snprintf(path, sizeof path, "/dev/ublkc%u", info.dev_id);
    for (int tries = 0; (server.device = open(path, O_RDWR | O_CLOEXEC)) < 0; tries++) {
        if (tries > 500)
            err(1, "%s", path);
        usleep(10000);
    }
    server.descriptors = mmap(NULL, (DEPTH * sizeof(struct cu_io_desc) + 4095) & ~4095ul, PROT_READ,
                              MAP_SHARED | MAP_POPULATE, server.device, 0);
    if (server.descriptors == MAP_FAILED)
        err(1, "mmap %s", path);
    pthread_create(&thread, NULL, serve_queue, &server);
    while (!atomic_load(&server.fetched))
        usleep(1000);
    control_must(&control, CU_CTRL_START_DEV,
                 (struct cu_ctrl_cmd){.dev_id = info.dev_id, .data = {(uint64_t)getpid()}}, "START_DEV");
    printf("%u\n", info.dev_id);
    fflush(stdout);

    sigwait(&stop, &number);
    control_must(&control, CU_CTRL_STOP_DEV, (struct cu_ctrl_cmd){.dev_id = info.dev_id}, "STOP_DEV");
    pthread_join(thread, NULL);
    munmap((void *)server.descriptors, (DEPTH * sizeof(struct cu_io_desc) + 4095) & ~4095ul);
    io_uring_queue_exit(&server.ring);
    close(server.device);
    control_must(&control, CU_CTRL_DEL_DEV, (struct cu_ctrl_cmd){.dev_id = info.dev_id}, "DEL_DEV");
    return 0;
}
