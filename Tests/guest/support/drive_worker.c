// drive_worker WORKER KIND SIZE_MIB [KEY=VALUE...]: takes ublkd's place for one device, so that the worker can
// be tried against a real driver by itself. KIND: null, memory, file, failing. Keys: path queues depth max_io
// create direct discard readonly lock uid.
//
// Brings the device up, prints "live N PID", then takes a line at a time from standard input:
//   kill      SIGKILL of the worker, recovery with a spare that was already running; prints the steps in ms
//   probe     asks every queue thread for an answer; prints the time
//   status    prints the counters
//   stop      (or the end of input) stops and deletes the device
#include "control.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "status_page.h"

struct record {
    uint8_t bytes[4096];
    size_t used;
};

struct worker {
    pid_t pid;
    int socket, far_end;
};

struct options {
    const char *program, *kind, *path;
    uint64_t size;
    unsigned queues, depth, max_io, create, direct, discard, readonly, lock, uid;
};

struct facts {
    uint64_t size;
    uint32_t logical, physical;
    uint8_t identity[17], direct, discard, zeroes, cache;
    uint32_t granularity;
};

static struct options options = {.queues = 1, .depth = 128, .max_io = 512 << 10, .direct = 1, .discard = 1,
                                 .lock = 1, .uid = 12345};
static struct control control;
static struct worker worker, spare;
static struct facts facts;
static int page_fd, memory_fd = -1;
static struct cu_status_header *page;
static uint32_t device;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static double ms(uint64_t since) { return (double)(now_ns() - since) / 1e6; }

static struct cu_queue_status *queue_block(unsigned q)
{
    return (struct cu_queue_status *)((char *)page + CU_STATUS_BLOCK + q * cu_status_stride(options.depth));
}

static void put(struct record *r, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        r->bytes[r->used++] = (uint8_t)(value >> (8 * i));
}

static void put_text(struct record *r, const char *text)
{
    size_t length = strlen(text);
    put(r, length, 4);
    memcpy(r->bytes + r->used, text, length);
    r->used += length;
}

static uint64_t take(const uint8_t **at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)(*at)[i] << (8 * i);
    *at += size;
    return value;
}

static void send_record(const struct worker *to, const struct record *r, const int *fds, unsigned count)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } ancillary = {0};
    struct iovec part = {(void *)r->bytes, r->used};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        message.msg_control = &ancillary;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    if (sendmsg(to->socket, &message, MSG_NOSIGNAL) < 0)
        err(1, "send to worker %d", to->pid);
}

// The next record must be of this kind; its content is left in `bytes`.
static const uint8_t *expect(const struct worker *from, unsigned kind, uint8_t *bytes)
{
    struct pollfd p = {.fd = from->socket, .events = POLLIN};
    if (poll(&p, 1, 15000) != 1)
        errx(1, "worker %d says nothing, wanted record %u", from->pid, kind);
    ssize_t got = recv(from->socket, bytes, 4096, 0);
    const uint8_t *at = bytes;
    if (got < 2)
        errx(1, "worker %d is gone, wanted record %u", from->pid, kind);
    unsigned found = (unsigned)take(&at, 2);
    if (found == 5 && kind != 5) {
        unsigned stage = (unsigned)take(&at, 1);
        int error = (int)take(&at, 4);
        unsigned length = (unsigned)take(&at, 4);
        errx(3, "failed: stage %u: %.*s: %s", stage, (int)length, (const char *)at, strerror(error));
    }
    if (found != kind)
        errx(1, "worker %d sent record %u, wanted %u", from->pid, found, kind);
    return at;
}

static struct worker spawn(void)
{
    struct worker w;
    uint8_t bytes[4096];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        err(1, "socketpair");
    w.pid = fork();
    if (w.pid < 0)
        err(1, "fork");
    if (w.pid == 0) {
        if (ends[1] != 3)
            dup2(ends[1], 3);
        else
            fcntl(3, F_SETFD, 0);
        close_range(4, ~0u, 0);
        char *environment[] = {"SWIFT_BACKTRACE=enable=no", NULL};
        execle(options.program, options.program, (char *)NULL, environment);
        err(127, "%s", options.program);
    }
    w.socket = ends[0];
    close(ends[1]);
    expect(&w, 1, bytes);
    return w;
}

static void configure(const struct worker *w)
{
    struct record r = {.used = 0};
    put(&r, 1, 2);
    put(&r, 1, 4);
    put_text(&r, "trial");
    if (!strcmp(options.kind, "null"))
        put(&r, 1, 1), put(&r, options.size, 8);
    else if (!strcmp(options.kind, "memory"))
        put(&r, 2, 1), put(&r, options.size, 8);
    else if (!strcmp(options.kind, "failing"))
        put(&r, 4, 1), put(&r, options.size, 8);
    else {
        put(&r, 3, 1);
        put_text(&r, options.path);
        put(&r, options.size != 0, 1);
        put(&r, options.size, 8);
        put(&r, options.create, 1);
        put(&r, options.direct, 1);
        for (unsigned i = 0; i < sizeof facts.identity; i++)
            put(&r, facts.identity[i], 1);
    }
    put(&r, options.readonly, 1);
    put(&r, options.discard, 1);
    put(&r, options.queues, 2);
    put(&r, options.depth, 2);
    put(&r, options.max_io, 4);
    put(&r, options.lock, 1);
    put(&r, 0, 4);
    put(&r, options.uid, 4);
    put(&r, options.uid, 4);
    put(&r, 0, 8); // no limit to a request's age
    put(&r, 0, 1); // the backend is opened at once
    put(&r, 0, 4); // no disk yet
    int fds[2] = {page_fd, memory_fd};
    send_record(w, &r, fds, memory_fd < 0 ? 1 : 2);
}

static void await_prepared(const struct worker *w)
{
    uint8_t bytes[4096];
    const uint8_t *at = expect(w, 2, bytes);
    facts.size = take(&at, 8);
    facts.logical = (uint32_t)take(&at, 4);
    facts.physical = (uint32_t)take(&at, 4);
    take(&at, 4);
    memcpy(facts.identity, at, sizeof facts.identity);
    at += sizeof facts.identity;
    facts.direct = (uint8_t)take(&at, 1);
    facts.discard = (uint8_t)take(&at, 1);
    facts.zeroes = (uint8_t)take(&at, 1);
    facts.cache = (uint8_t)take(&at, 1);
    take(&at, 2);
    facts.granularity = (uint32_t)take(&at, 4);
    unsigned warnings = (unsigned)take(&at, 4);
    while (warnings--) {
        unsigned length = (unsigned)take(&at, 4);
        printf("warning: %.*s\n", (int)length, (const char *)at);
        at += length;
    }
}

static void attach(struct worker *w, int fetch_now)
{
    struct record r = {.used = 0};
    put(&r, 2, 2);
    put(&r, device, 4);
    put(&r, (uint64_t)fetch_now, 1);
    put(&r, 0, 4);
    w->far_end = w->socket;
    send_record(w, &r, &w->far_end, 1);
}

static void send_control(uint32_t op, uint64_t data)
{
    struct cu_ctrl_cmd command = {.dev_id = device, .queue_id = 0xffff, .data = {data}};
    struct io_uring_sqe *sqe = io_uring_get_sqe(&control.ring);
    if (!sqe)
        errx(1, "the control ring is full");
    memset(sqe, 0, 128);
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = control.fd;
    sqe->off = op;
    memcpy((char *)sqe + 48, &command, sizeof command);
    io_uring_submit(&control.ring);
}

static int await_control(void)
{
    struct io_uring_cqe *cqe;
    int result = io_uring_wait_cqe(&control.ring, &cqe);
    if (result)
        return result;
    result = cqe->res;
    io_uring_cqe_seen(&control.ring, cqe);
    return result;
}

static void must(int result, const char *what)
{
    if (result < 0)
        give_up(result, what);
}

static unsigned shift_of(uint32_t bytes) { return (unsigned)__builtin_ctz(bytes); }

static void add_device(void)
{
    struct cu_dev_info info = {.nr_hw_queues = (uint16_t)options.queues, .queue_depth = (uint16_t)options.depth,
                               .max_io_buf_bytes = options.max_io, .dev_id = UINT32_MAX,
                               .flags = CU_F_USER_RECOVERY | CU_F_USER_RECOVERY_REISSUE};
    control_must(&control, CU_CTRL_ADD_DEV,
                 (struct cu_ctrl_cmd){.dev_id = info.dev_id, .addr = (uintptr_t)&info, .len = sizeof info}, "ADD_DEV");
    device = info.dev_id;
    if (info.nr_hw_queues != options.queues)
        errx(1, "the driver made %u queues of %u", info.nr_hw_queues, options.queues);
    uint32_t most = facts.discard ? 2048 * 1024 : 0;
    struct cu_params params = {
        .len = 112,
        .types = CU_PARAM_BASIC | (facts.discard || facts.zeroes ? CU_PARAM_DISCARD : 0),
        .basic = {.attrs = (facts.cache ? CU_ATTR_VOLATILE_CACHE | CU_ATTR_FUA : 0) |
                           (options.readonly ? CU_ATTR_READ_ONLY : 0),
                  .logical_bs_shift = (uint8_t)shift_of(facts.logical),
                  .physical_bs_shift = (uint8_t)shift_of(facts.physical), .io_min_shift = (uint8_t)shift_of(facts.logical),
                  .io_opt_shift = (uint8_t)shift_of(facts.physical), .max_sectors = options.max_io >> 9,
                  .dev_sectors = facts.size >> 9},
        .discard = {.discard_granularity = facts.granularity, .max_discard_sectors = most,
                    .max_write_zeroes_sectors = facts.zeroes ? 2048 * 1024 : 0,
                    .max_discard_segments = facts.discard ? 1 : 0}};
    control_must(&control, CU_CTRL_SET_PARAMS,
                 (struct cu_ctrl_cmd){.dev_id = device, .addr = (uintptr_t)&params, .len = 112}, "SET_PARAMS");
}

static int memory_file(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, (off_t)size) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        err(1, "memfd");
    return fd;
}

static void make_page(void)
{
    size_t size = cu_status_bytes(options.queues, options.depth);
    page_fd = memory_file("status", size);
    page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0);
    if (page == MAP_FAILED)
        err(1, "status page");
    page->magic = CU_STATUS_MAGIC;
    page->version = CU_STATUS_VERSION;
    page->depth = options.depth;
    page->queues = options.queues;
}

static void bring_up(void)
{
    uint8_t bytes[4096];
    make_page();
    if (!strcmp(options.kind, "memory"))
        memory_fd = memory_file("contents", options.size);
    uint64_t begin = now_ns();
    worker = spawn();
    double greeted = ms(begin);
    configure(&worker);
    await_prepared(&worker);
    double prepared = ms(begin);
    add_device();
    double added = ms(begin);
    attach(&worker, 0);
    expect(&worker, 3, bytes);
    double attached = ms(begin);
    send_control(CU_CTRL_START_DEV, (uint64_t)worker.pid);
    struct record fetch = {.used = 0};
    put(&fetch, 3, 2);
    send_record(&worker, &fetch, NULL, 0);
    expect(&worker, 4, bytes);
    must(await_control(), "START_DEV");
    printf("up: hello %.1f prepared %.1f added %.1f attached %.1f LIVE %.1f ms\n", greeted, prepared, added, attached,
           ms(begin));
    printf("live %u %d\n", device, worker.pid);
    spare = spawn();
}

static void kill_and_recover(void)
{
    uint8_t bytes[4096];
    uint64_t begin = now_ns();
    unsigned tries = 0;
    int result;
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, NULL, 0);
    double reaped = ms(begin);
    close(worker.socket);
    configure(&spare);
    while ((result = control_do(&control, CU_CTRL_START_USER_RECOVERY,
                                (struct cu_ctrl_cmd){.dev_id = device, .queue_id = 0xffff})) == -EBUSY) {
        if (ms(begin) > 60000)
            errx(1, "START_USER_RECOVERY stays EBUSY");
        tries++;
        usleep(500);
    }
    must(result, "START_USER_RECOVERY");
    double started = ms(begin);
    uint64_t accepted = now_ns();
    await_prepared(&spare);
    double prepared = ms(begin);
    send_control(CU_CTRL_END_USER_RECOVERY, (uint64_t)spare.pid);
    attach(&spare, 1);
    expect(&spare, 4, bytes);
    double serving = ms(begin);
    must(await_control(), "END_USER_RECOVERY");
    printf("START accepted at %llu ms\n", (unsigned long long)(accepted / 1000000));
    printf("recovered %d: reaped %.1f START %.1f (%u tries) prepared %.1f serving %.1f LIVE %.1f ms\n", spare.pid,
           reaped, started, tries, prepared, serving, ms(begin));
    worker = spare;
    spare = spawn();
}

static void probe(void)
{
    static uint64_t number;
    struct record r = {.used = 0};
    uint64_t begin = now_ns();
    put(&r, 4, 2);
    put(&r, ++number, 8);
    send_record(&worker, &r, NULL, 0);
    for (unsigned q = 0; q < options.queues; q++)
        while (cu_load64(&queue_block(q)->probe_answered) != number) {
            if (ms(begin) > 5000)
                errx(1, "queue %u does not answer", q);
            usleep(200);
        }
    printf("answered %.1f ms\n", ms(begin));
}

static void status(void)
{
    printf("page generation %u pid %d first io %.1f ms after fetched\n", page->generation, page->worker_pid,
           page->first_io_ns ? ((double)page->first_io_ns - (double)page->fetched_ns) / 1e6 : -1.0);
    for (unsigned q = 0; q < options.queues; q++) {
        const struct cu_queue_status *s = queue_block(q);
        printf("queue %u state %u tid %d inflight %u reads %" PRIu64 " writes %" PRIu64 " flushes %" PRIu64
               " others %" PRIu64 " read_bytes %" PRIu64 " write_bytes %" PRIu64 " errors %" PRIu64 "\n",
               s->index, s->state, s->tid, s->inflight, s->reads, s->writes, s->flushes, s->others, s->read_bytes,
               s->write_bytes, s->errors);
        for (uint64_t e = s->errors > CU_ERROR_RECORDS ? s->errors - CU_ERROR_RECORDS : 0; e < s->errors; e++) {
            const struct cu_error_record *r = &s->error[e % CU_ERROR_RECORDS];
            printf("  error op %u sector %" PRIu64 " sectors %u result %d\n", r->op, r->sector, r->sectors, r->result);
        }
    }
}

static void stop(void)
{
    uint8_t bytes[4096];
    int ended = 0;
    control_must(&control, CU_CTRL_STOP_DEV, (struct cu_ctrl_cmd){.dev_id = device, .queue_id = 0xffff}, "STOP_DEV");
    expect(&worker, 6, bytes);
    waitpid(worker.pid, &ended, 0);
    control_must(&control, CU_CTRL_DEL_DEV, (struct cu_ctrl_cmd){.dev_id = device, .queue_id = 0xffff}, "DEL_DEV");
    close(spare.socket);
    int spare_ended = 0;
    waitpid(spare.pid, &spare_ended, 0);
    printf("stopped, worker ended with %d, spare with %d\n", WEXITSTATUS(ended), WEXITSTATUS(spare_ended));
    if (ended || spare_ended)
        exit(1);
}

static void parse(int argc, char **argv)
{
    static const struct {
        const char *name;
        unsigned *value;
    } numbers[] = {{"queues", &options.queues},   {"depth", &options.depth},       {"max_io", &options.max_io},
                   {"create", &options.create},   {"direct", &options.direct},     {"discard", &options.discard},
                   {"readonly", &options.readonly}, {"lock", &options.lock},       {"uid", &options.uid}};
    if (argc < 4)
        errx(2, "usage: drive_worker WORKER null|memory|file|failing SIZE_MIB [KEY=VALUE...]");
    options.program = argv[1];
    options.kind = argv[2];
    options.size = strtoull(argv[3], NULL, 10) << 20;
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            errx(2, "%s: no value", argv[i]);
        *value++ = 0;
        if (!strcmp(argv[i], "path"))
            options.path = value;
        for (unsigned n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (!strcmp(argv[i], numbers[n].name))
                *numbers[n].value = (unsigned)strtoul(value, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    char line[64];
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse(argc, argv);
    control_open(&control);
    bring_up();
    while (fgets(line, sizeof line, stdin) && strncmp(line, "stop", 4)) {
        if (!strncmp(line, "kill", 4))
            kill_and_recover();
        else if (!strncmp(line, "probe", 5))
            probe();
        else if (!strncmp(line, "status", 6))
            status();
    }
    stop();
    return 0;
}
