// drive_agent WORKER: takes ublkd's place for a control agent and tries every kind of request against a real
// driver: answers, submissions, deadlines, cancellation, repetition, the filler, hanging up. Prints a line a
// step; ends with 1 at the first that is not as it should be.
#include "control.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define QUEUES 2u
#define DEPTH 4u

struct record {
    uint8_t bytes[4096];
    size_t used;
};

struct agent {
    pid_t pid;
    int socket;
};

struct server {
    pid_t pid;
    int go; // written to: FETCH now
};

static const char *program;
static struct agent agent;
static struct control control;
static uint32_t device;
static uint64_t last_token;
static bool classic;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// ---- records ---------------------------------------------------------------------------------------------

static void put(struct record *r, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        r->bytes[r->used++] = (uint8_t)(value >> (8 * i));
}

static void put_raw(struct record *r, const void *bytes, size_t count)
{
    put(r, count, 4);
    memcpy(r->bytes + r->used, bytes, count);
    r->used += count;
}

static struct record request(unsigned kind, uint32_t deadline)
{
    struct record r = {.used = 0};
    put(&r, kind, 2);
    put(&r, ++last_token, 8);
    put(&r, deadline, 4);
    return r;
}

// Returns the token.
static uint64_t send_record(const struct record *r)
{
    if (send(agent.socket, r->bytes, r->used, MSG_NOSIGNAL) < 0)
        err(1, "send to the agent");
    return last_token;
}

// A request whose only field is the device.
static uint64_t ask(unsigned kind, uint32_t number, uint32_t deadline)
{
    struct record r = request(kind, deadline);
    put(&r, number, 4);
    return send_record(&r);
}

// The same with one more number of four bytes: a pid, or microseconds.
static uint64_t ask2(unsigned kind, uint32_t number, uint32_t more, uint32_t deadline)
{
    struct record r = request(kind, deadline);
    put(&r, number, 4);
    put(&r, more, 4);
    return send_record(&r);
}

enum { ADD = 1, SET, START, STOP, DELETE, START_RECOVERY, END_RECOVERY, FILLER, WRITE, ACCESS, CANCEL, TRY_STOP };
enum { HELLO = 1, SUBMITTED, DONE };

struct answer {
    unsigned kind;
    uint64_t token;
    int result;
    uint8_t payload[256];
    size_t count;
};

static uint64_t take(const uint8_t **at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)(*at)[i] << (8 * i);
    *at += size;
    return value;
}

static struct answer next_answer(const char *what)
{
    struct answer a = {0};
    uint8_t bytes[4096];
    const uint8_t *at = bytes;
    struct pollfd p = {.fd = agent.socket, .events = POLLIN};
    if (poll(&p, 1, 20000) != 1)
        errx(1, "%s: the agent says nothing", what);
    if (recv(agent.socket, bytes, sizeof bytes, 0) < 2)
        errx(1, "%s: the agent is gone", what);
    a.kind = (unsigned)take(&at, 2);
    if (a.kind == HELLO)
        return a;
    a.token = take(&at, 8);
    if (a.kind == DONE) {
        a.result = (int)take(&at, 4);
        a.count = take(&at, 4);
        if (a.count <= sizeof a.payload)
            memcpy(a.payload, at, a.count);
    }
    return a;
}

// The next answer must be the end of `token` with this result.
static struct answer expect(uint64_t token, int wanted, const char *what)
{
    struct answer a = next_answer(what);
    if (a.kind != DONE || a.token != token)
        errx(1, "%s: record %u of request %lu, wanted the end of %lu", what, a.kind, a.token, token);
    if (a.result != wanted)
        errx(1, "%s: result %d, wanted %d", what, a.result, wanted);
    printf("%s: %d\n", what, a.result);
    return a;
}

static void expect_submitted(uint64_t token, const char *what)
{
    struct answer a = next_answer(what);
    if (a.kind != SUBMITTED || a.token != token)
        errx(1, "%s: record %u of request %lu, wanted its submission", what, a.kind, a.token);
}

static void expect_within(uint64_t began, unsigned from, unsigned to, const char *what)
{
    uint64_t took = now_ms() - began;
    if (took < from || took > to)
        errx(1, "%s took %lu ms, wanted %u to %u", what, took, from, to);
    printf("%s: after %lu ms\n", what, took);
}

// ---- processes -------------------------------------------------------------------------------------------

static void start_agent(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        err(1, "socketpair");
    agent.pid = fork();
    if (agent.pid == 0) {
        if (ends[1] == 3)
            fcntl(3, F_SETFD, 0);
        else
            dup2(ends[1], 3);
        close_range(4, ~0u, 0);
        execl(program, "ublkd-worker", "agent", NULL);
        err(1, "%s", program);
    }
    close(ends[1]);
    agent.socket = ends[0];
    if (next_answer("hello").kind != HELLO)
        errx(1, "the agent's first record is not its hello");
}

// Serves reads of nothing until it is killed.
static void serve(int go)
{
    char path[32], byte;
    struct io_uring ring;
    struct io_uring_cqe *cqe;
    const struct cu_io_desc *descriptors[QUEUES];
    snprintf(path, sizeof path, "/dev/ublkc%u", device);
    int node;
    while ((node = open(path, O_RDWR | O_CLOEXEC)) < 0)
        usleep(1000);
    for (unsigned q = 0; q < QUEUES; q++) {
        descriptors[q] = mmap(NULL, 4096, PROT_READ, MAP_SHARED, node, (off_t)q * 98304);
        if (descriptors[q] == MAP_FAILED)
            err(1, "descriptors of queue %u", q);
    }
    if (read(go, &byte, 1) != 1)
        _exit(0);
    if (io_uring_queue_init(2 * QUEUES * DEPTH, &ring, 0))
        errx(1, "io_uring");
    static char buffer[QUEUES * DEPTH][128 << 10] __attribute__((aligned(4096)));
    for (unsigned slot = 0; slot < QUEUES * DEPTH; slot++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
        struct cu_io_cmd command = {.q_id = slot / DEPTH, .tag = slot % DEPTH, .addr = (uintptr_t)buffer[slot]};
        memset(sqe, 0, sizeof *sqe);
        sqe->opcode = IORING_OP_URING_CMD;
        sqe->fd = node;
        sqe->off = CU_IO_FETCH_REQ;
        sqe->user_data = slot;
        memcpy((char *)sqe + 48, &command, sizeof command);
    }
    for (;;) {
        io_uring_submit_and_wait(&ring, 1);
        while (!io_uring_peek_cqe(&ring, &cqe)) {
            unsigned slot = (unsigned)cqe->user_data;
            int result = cqe->res;
            io_uring_cqe_seen(&ring, cqe);
            if (result != CU_IO_RES_OK)
                continue;
            const struct cu_io_desc *request = &descriptors[slot / DEPTH][slot % DEPTH];
            struct cu_io_cmd command = {.q_id = slot / DEPTH, .tag = slot % DEPTH,
                                        .result = (int)(request->nr_sectors << 9), .addr = (uintptr_t)buffer[slot]};
            struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
            memset(sqe, 0, sizeof *sqe);
            sqe->opcode = IORING_OP_URING_CMD;
            sqe->fd = node;
            sqe->off = CU_IO_COMMIT_AND_FETCH_REQ;
            sqe->user_data = slot;
            memcpy((char *)sqe + 48, &command, sizeof command);
        }
    }
}

static struct server start_server(void)
{
    struct server s;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        err(1, "pipe");
    s.pid = fork();
    if (s.pid == 0) {
        close(ends[1]);
        close(agent.socket);
        serve(ends[0]);
    }
    close(ends[0]);
    s.go = ends[1];
    return s;
}

static void fetch(const struct server *s)
{
    if (write(s->go, "g", 1) != 1)
        err(1, "go");
}

static void kill_server(const struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->go);
}

static struct cu_dev_info device_info(void)
{
    struct cu_dev_info info = {0};
    control_must(&control, CU_CTRL_GET_DEV_INFO,
                 (struct cu_ctrl_cmd){.dev_id = device, .addr = (uintptr_t)&info, .len = sizeof info}, "GET_DEV_INFO");
    return info;
}

static void expect_state(unsigned wanted, const char *what)
{
    unsigned state = device_info().state;
    if (state != wanted)
        errx(1, "%s: state %u, wanted %u", what, state, wanted);
}

static void read_node(const char *what)
{
    char path[32];
    void *room = aligned_alloc(4096, 4096);
    snprintf(path, sizeof path, "/dev/ublkb%u", device);
    int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0 || pread(fd, room, 4096, 0) != 4096)
        err(1, "%s: reading %s", what, path);
    close(fd);
    free(room);
}

// ---- the trial -------------------------------------------------------------------------------------------

static void unknown_device(void)
{
    expect(ask(STOP, 999, 2000), -ENODEV, "stop of no device");
    expect(ask(DELETE, 999, 2000), -ENODEV, "delete of no device");
    expect(ask2(START_RECOVERY, 999, 500, 2000), -ENODEV, "recovery of no device");
}

static void add_device(void)
{
    struct record r = request(ADD, 5000);
    put(&r, UINT32_MAX, 4);
    put(&r, QUEUES, 2);
    put(&r, DEPTH, 2);
    put(&r, 128 << 10, 4);
    put(&r, CU_F_USER_RECOVERY | CU_F_USER_RECOVERY_REISSUE | 1ull << 40, 8);
    put(&r, 0x1234567890abcdefull, 8);
    struct answer a = expect(send_record(&r), 0, "add");
    struct cu_dev_info info;
    if (a.count != sizeof info)
        errx(1, "add: %zu bytes came back", a.count);
    memcpy(&info, a.payload, sizeof info);
    device = info.dev_id;
    if (info.ublksrv_flags != 0x1234567890abcdefull || (info.flags & 1ull << 40) || info.nr_hw_queues != QUEUES)
        errx(1, "add: what came back is not what the driver made");
    printf("device %u, flags %#lx\n", device, info.flags);

    struct cu_params params = {.len = sizeof params, .types = CU_PARAM_BASIC,
                               .basic = {.logical_bs_shift = 9, .physical_bs_shift = 12, .io_opt_shift = 12,
                                         .io_min_shift = 9, .max_sectors = 256, .dev_sectors = 65536}};
    r = request(SET, 2000);
    put(&r, device, 4);
    put_raw(&r, &params, sizeof params);
    expect(send_record(&r), 0, "set parameters");
}

static void start_without_server(void)
{
    uint64_t began = now_ms();
    // Long enough for the other command on a host that has much else to do
    uint64_t start = ask2(START, device, (uint32_t)getpid(), 3000);
    expect_submitted(start, "start without a server");
    expect(ask(STOP, 999, 2000), -ENODEV, "another command meanwhile");
    expect_within(began, 0, 2900, "it");
    expect(start, -EINTR, "start at its deadline");
    expect_within(began, 2990, 9000, "it");
}

static struct server start_device(void)
{
    struct server s = start_server();
    usleep(50000);
    uint64_t start = ask2(START, device, (uint32_t)s.pid, 10000);
    expect_submitted(start, "start");
    fetch(&s);
    expect(start, 0, "start");
    expect_state(CU_STATE_LIVE, "after start");
    read_node("after start");
    return s;
}

static void files(void)
{
    char path[64];
    struct stat status;
    // udev gives a new node group and mode too, and must not be later than the agent
    if (system("udevadm settle --timeout=20"))
        errx(1, "udev is not done with the node after 20 s");
    struct record r = request(ACCESS, 2000);
    snprintf(path, sizeof path, "/dev/ublkb%u", device);
    put_raw(&r, path, strlen(path));
    put(&r, 0, 4);
    put(&r, 6, 4);
    put(&r, 0640, 4);
    expect(send_record(&r), 0, "access of the node");
    if (stat(path, &status) || status.st_gid != 6 || (status.st_mode & 07777) != 0640)
        errx(1, "access of the node: it is %o of group %u", status.st_mode, status.st_gid);

    r = request(WRITE, 2000);
    snprintf(path, sizeof path, "/sys/block/ublkb%u/uevent", device);
    put_raw(&r, path, strlen(path));
    put_raw(&r, "change", 6);
    expect(send_record(&r), 0, "uevent");
    r = request(WRITE, 2000);
    snprintf(path, sizeof path, "/sys/block/ublkb%u/queue/nr_requests", device);
    put_raw(&r, path, strlen(path));
    put_raw(&r, "nonsense", 8);
    expect(send_record(&r), -EINVAL, "attribute with nonsense");
}

static void try_stop_while_open(void)
{
    char path[32];
    if (classic)
        return;
    snprintf(path, sizeof path, "/dev/ublkb%u", device);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    expect(ask(TRY_STOP, device, 5000), -EBUSY, "try-stop while open");
    close(fd);
}

static struct server recover(const struct server *dead)
{
    uint64_t began = now_ms();
    kill_server(dead);
    expect(ask2(START_RECOVERY, device, 500, 10000), 0, "recovery begins");
    expect_within(began, 0, 5000, "it");

    // Nobody comes: END ends at its deadline, and by a cancellation.
    began = now_ms();
    uint64_t end = ask2(END_RECOVERY, device, (uint32_t)getpid(), 300);
    expect_submitted(end, "end without a server");
    expect(end, -EINTR, "end at its deadline");
    expect_within(began, 290, 3000, "it");
    end = ask2(END_RECOVERY, device, (uint32_t)getpid(), 0);
    expect_submitted(end, "end without a deadline");
    usleep(100000);
    struct record r = request(CANCEL, 0);
    put(&r, end, 8);
    send_record(&r);
    expect(end, -EINTR, "end when it is cancelled");

    r = request(FILLER, 5000);
    put(&r, device, 4);
    put(&r, QUEUES, 2);
    put(&r, DEPTH, 2);
    expect(send_record(&r), 0, "filler");
    expect(ask2(START_RECOVERY, device, 500, 10000), 0, "recovery begins again");

    struct server s = start_server();
    usleep(50000);
    end = ask2(END_RECOVERY, device, (uint32_t)s.pid, 10000);
    expect_submitted(end, "end");
    fetch(&s);
    expect(end, 0, "end");
    expect_state(CU_STATE_LIVE, "after recovery");
    read_node("after recovery");
    return s;
}

static void blocked_recovery(const struct server *alive)
{
    uint64_t began = now_ms();
    expect(ask2(START_RECOVERY, device, 500, 200), -EBUSY, "recovery of a device whose server lives");
    expect_within(began, 190, 1500, "it");
    (void)alive;
}

static void hang_up(const struct server *s)
{
    kill_server(s);
    expect(ask2(START_RECOVERY, device, 500, 10000), 0, "recovery begins");
    uint64_t end = ask2(END_RECOVERY, device, (uint32_t)getpid(), 0);
    expect_submitted(end, "end");
    uint64_t began = now_ms();
    int status = -1;
    close(agent.socket);
    waitpid(agent.pid, &status, 0);
    expect_within(began, 0, 2000, "the agent left");
    if (status != 0)
        errx(1, "the agent ended with status %#x", status);
    expect_state(CU_STATE_QUIESCED, "after the agent left");
}

static void remove_device(void)
{
    char path[32];
    start_agent();
    snprintf(path, sizeof path, "/dev/ublkb%u", device);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    expect(ask(STOP, device, 10000), 0, "stop");
    expect_state(CU_STATE_DEAD, "after stop");
    if (fd >= 0) {
        uint64_t began = now_ms();
        expect(ask(DELETE, device, 300), -EINTR, "delete while the node is open, at its deadline");
        expect_within(began, 290, 3000, "it");
        close(fd);
    } else
        expect(ask(DELETE, device, 5000), 0, "delete");
    for (int tries = 0; access("/sys/class/ublk-char", F_OK) == 0 && tries < 200; tries++) {
        snprintf(path, sizeof path, "/sys/class/ublk-char/ublkc%u", device);
        if (access(path, F_OK))
            break;
        usleep(20000);
    }
    if (!access(path, F_OK))
        errx(1, "the device is still there");
    close(agent.socket);
    waitpid(agent.pid, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        errx(2, "usage: drive_agent WORKER");
    program = argv[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    control_open(&control);
    uint64_t features = 0;
    control_must(&control, CU_CTRL_GET_FEATURES,
                 (struct cu_ctrl_cmd){.dev_id = UINT32_MAX, .addr = (uintptr_t)&features, .len = 8}, "GET_FEATURES");
    classic = !(features & CU_F_SAFE_STOP_DEV);
    start_agent();
    unknown_device();
    add_device();
    start_without_server();
    struct server server = start_device();
    files();
    try_stop_while_open();
    blocked_recovery(&server);
    server = recover(&server);
    hang_up(&server);
    remove_device();
    puts("all as it should be");
    return 0;
}
