// floor KILLS: what a kernel takes from the death of a server to the end of END_USER_RECOVERY, with the least that a
// recovery needs: the next server waits with its ring made, ublkcN is a fixed file, all FETCHes go in one call. One null
// device with one queue; every server has answered requests before it is killed. Prints one line for each kill:
// milliseconds until START was accepted, and until END returned, which is LIVE.
#include "control.h"
#include "ring.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define DEPTH 128u
#define MAX_IO (64u << 10)
#define MIB 64u

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static char *buffers;

static void command(struct io_uring *ring, uint32_t op, uint16_t tag, int result)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    if (!sqe)
        errx(1, "the queue's ring is full");
    cu_prep_io(sqe, 0, op, 0, tag, result, (uintptr_t)(buffers + (size_t)tag * MAX_IO), tag);
}

// The server: everything but the device is ready when it says so; it goes on when `go` becomes readable.
static void serve(uint32_t id, int ready, int go)
{
    struct io_uring ring;
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    size_t bytes = (DEPTH * sizeof(struct cu_io_desc) + 4095) & ~4095ul;
    const struct cu_io_desc *requests;
    char path[32], byte = 0;
    int device;

    int result = io_uring_queue_init_params(DEPTH, &ring, &params);
    if (result)
        give_up(result, "io_uring");
    if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
        exit(0);
    snprintf(path, sizeof path, "/dev/ublkc%u", id);
    while ((device = open(path, O_RDWR | O_CLOEXEC)) < 0)
        usleep(500);
    requests = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, device, 0);
    if (requests == MAP_FAILED)
        err(1, "mmap %s", path);
    if ((result = io_uring_register_files(&ring, &device, 1)))
        give_up(result, "fixed file");
    close(device);
    for (uint16_t tag = 0; tag < DEPTH; tag++)
        command(&ring, CU_IO_FETCH_REQ, tag, 0);
    io_uring_submit(&ring);
    for (;;) {
        struct io_uring_cqe *cqe;
        io_uring_submit_and_wait(&ring, 1);
        while (!io_uring_peek_cqe(&ring, &cqe)) {
            uint16_t tag = (uint16_t)cqe->user_data;
            int got = cqe->res;
            io_uring_cqe_seen(&ring, cqe);
            if (got != CU_IO_RES_OK)
                _exit(0);
            command(&ring, CU_IO_COMMIT_AND_FETCH_REQ, tag, (int)(requests[tag].nr_sectors << 9));
        }
    }
}

struct server {
    pid_t pid;
    int go;
};

static struct server make_server(uint32_t id)
{
    int ready[2], go[2];
    char byte;
    struct server server;
    if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
        err(1, "pipe");
    server.pid = fork();
    if (server.pid < 0)
        err(1, "fork");
    if (!server.pid) {
        close(go[1]);
        serve(id, ready[1], go[0]);
    }
    close(ready[1]);
    close(go[0]);
    if (read(ready[0], &byte, 1) != 1)
        errx(1, "a server did not begin");
    close(ready[0]);
    server.go = go[1];
    return server;
}

static void let_go(struct server server)
{
    if (write(server.go, "", 1) != 1)
        err(1, "a server is gone");
}

int main(int argc, char **argv)
{
    unsigned kills = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
    struct control control;
    char path[32];
    void *block = NULL;

    buffers = mmap(NULL, (size_t)DEPTH * MAX_IO, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (buffers == MAP_FAILED || posix_memalign(&block, 4096, 4096))
        err(1, "memory");
    control_open(&control);
    struct cu_dev_info info = {.nr_hw_queues = 1, .queue_depth = DEPTH, .max_io_buf_bytes = MAX_IO,
                               .dev_id = UINT32_MAX, .flags = CU_F_USER_RECOVERY | CU_F_USER_RECOVERY_REISSUE};
    control_must(&control, CU_CTRL_ADD_DEV,
                 (struct cu_ctrl_cmd){.dev_id = info.dev_id, .addr = (uintptr_t)&info, .len = sizeof info}, "ADD_DEV");
    uint32_t id = info.dev_id;
    struct cu_params params = {.len = 112, .types = CU_PARAM_BASIC,
                               .basic = {.logical_bs_shift = 9, .physical_bs_shift = 12, .io_opt_shift = 12,
                                         .io_min_shift = 9, .max_sectors = MAX_IO >> 9,
                                         .dev_sectors = (uint64_t)MIB << 11}};
    control_must(&control, CU_CTRL_SET_PARAMS,
                 (struct cu_ctrl_cmd){.dev_id = id, .addr = (uintptr_t)&params, .len = 112}, "SET_PARAMS");
    struct server server = make_server(id);
    let_go(server);
    control_must(&control, CU_CTRL_START_DEV,
                 (struct cu_ctrl_cmd){.dev_id = id, .data = {(uint64_t)server.pid}}, "START_DEV");
    snprintf(path, sizeof path, "/dev/ublkb%u", id);
    int disk;
    for (int tries = 0; (disk = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC)) < 0; tries++) {
        if (tries > 500)
            err(1, "%s", path);
        usleep(10000);
    }

    for (unsigned kill_number = 0; kill_number < kills; kill_number++) {
        struct server next = make_server(id);
        for (int request = 0; request < 64; request++)
            if (pread(disk, block, 4096, request * 4096) != 4096)
                err(1, "%s", path);
        usleep(200000);
        double killed = now_ms();
        kill(server.pid, SIGKILL);
        int result;
        while ((result = control_do(&control, CU_CTRL_START_USER_RECOVERY, (struct cu_ctrl_cmd){.dev_id = id})) == -EBUSY)
            usleep(500);
        if (result < 0)
            give_up(result, "START_USER_RECOVERY");
        double accepted = now_ms();
        let_go(next);
        while ((result = control_do(&control, CU_CTRL_END_USER_RECOVERY,
                                    (struct cu_ctrl_cmd){.dev_id = id, .data = {(uint64_t)next.pid}})) == -EBUSY)
            usleep(200);
        if (result < 0)
            give_up(result, "END_USER_RECOVERY");
        double live = now_ms();
        printf("%.3f %.3f\n", accepted - killed, live - killed);
        waitpid(server.pid, NULL, 0);
        close(server.go);
        server = next;
    }
    close(disk);
    kill(server.pid, SIGKILL);
    waitpid(server.pid, NULL, 0);
    control_must(&control, CU_CTRL_STOP_DEV, (struct cu_ctrl_cmd){.dev_id = id}, "STOP_DEV");
    control_must(&control, CU_CTRL_DEL_DEV, (struct cu_ctrl_cmd){.dev_id = id}, "DEL_DEV");
    return 0;
}
