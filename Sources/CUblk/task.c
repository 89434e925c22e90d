// File operations that may sleep without end in the kernel: each on a detached thread, which reports
// through a pipe and then leaves.
#define _GNU_SOURCE
#include "sys.h"
#include "worker_sys.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

struct task {
    int report;
    uint64_t number;
    int (*run)(const struct task *);
    uint32_t uid, gid, mode;
    struct cu_backend_id backend;
    uint64_t size;
    size_t count;
    int flags; // of open(2)
    const char *path;  // both behind the struct, in its allocation
    const char *bytes;
};

static int run_write(const struct task *t) {
    int fd = open(t->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t n = write(fd, t->bytes, t->count);
    int result = n < 0 ? -errno : (size_t)n == t->count ? 0 : -EIO;
    close(fd);
    return result;
}

static int run_access(const struct task *t) {
    int fd = open(t->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat s;
    int result = 0;
    if (fstat(fd, &s) < 0)
        result = -errno;
    else if (!S_ISBLK(s.st_mode) && !S_ISCHR(s.st_mode))
        result = -ENOTBLK;
    else if (fchownat(fd, "", t->uid, t->gid, AT_EMPTY_PATH) < 0)
        result = -errno;
    else {
        // fchmod refuses an O_PATH descriptor; its entry in /proc leads to the same inode.
        char self[32];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        if (chmod(self, t->mode) < 0) result = -errno;
    }
    close(fd);
    return result;
}

static int is_backend(const struct stat *s, const struct cu_backend_id *id) {
    if (id->is_block_device) return S_ISBLK(s->st_mode) && s->st_rdev == id->device;
    return S_ISREG(s->st_mode) && s->st_dev == id->device && s->st_ino == id->inode;
}

static int run_compare(const struct task *t) {
    struct stat s;
    if (stat(t->path, &s) < 0) return -errno;
    return is_backend(&s, &t->backend);
}

// 0: it is the backend, and has at least the size. EFBIG: it is, and is smaller.
static int check_backend(int fd, const struct task *t) {
    struct stat s;
    if (fstat(fd, &s) < 0) return -errno;
    if (!is_backend(&s, &t->backend)) return -ESTALE;
    uint64_t has = (uint64_t)s.st_size;
    if (t->backend.is_block_device && ioctl(fd, BLKGETSIZE64, &has) < 0) return -errno;
    return has < t->size ? -EFBIG : 0;
}

static int grow(int fd, const struct task *t) {
    int result = check_backend(fd, t);
    if (result != -EFBIG) return result;
    if (t->backend.is_block_device || !t->backend.may_grow) return -EFBIG;
    if (ftruncate(fd, (off_t)t->size) < 0 || fsync(fd) < 0) return -errno;
    return 0;
}

static int run_grow(const struct task *t) {
    int fd = open(t->path, (t->backend.may_grow ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return -errno;
    int result = grow(fd, t);
    close(fd);
    return result;
}

// The descriptor is the result: it is this process's, and whoever takes the result closes it.
static int run_open(const struct task *t) {
    int flags = (t->backend.read_only ? O_RDONLY : O_RDWR) | (t->backend.direct ? O_DIRECT : 0);
    int fd = cu_open_no_atime(t->path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return -errno;
    int result = check_backend(fd, t);
    int now = fcntl(fd, F_GETFL);
    if (result == 0 && (now < 0 || fcntl(fd, F_SETFL, now & ~O_NONBLOCK) < 0)) result = -errno;
    if (result == 0) return fd;
    close(fd);
    return result;
}

// The descriptor is the result.
static int run_attribute(const struct task *t) {
    int fd = open(t->path, t->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

// Claims a block device for this process. The descriptor is the result.
static int run_claim(const struct task *t) {
    int fd = open(t->path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static int run_sync(const struct task *t) {
    int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return -errno;
    int result = syncfs(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static void *run_task(void *argument) {
    struct task *t = argument;
    struct cu_task_done done = {t->number, t->run(t)};
    // Smaller than PIPE_BUF, so it is written whole.
    while (write(t->report, &done, sizeof done) < 0 && errno == EINTR) {}
    free(t);
    return NULL;
}

static int start(const struct task *model, const char *path, const void *bytes) {
    size_t path_size = strlen(path) + 1;
    struct task *t = malloc(sizeof *t + path_size + model->count);
    if (t == NULL) return -ENOMEM;
    *t = *model;
    char *room = (char *)(t + 1);
    t->path = memcpy(room, path, path_size);
    if (model->count > 0) t->bytes = memcpy(room + path_size, bytes, model->count);

    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error == 0) {
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attr, 64 * 1024);
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &old);
        pthread_t thread;
        error = pthread_create(&thread, &attr, run_task, t);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        pthread_attr_destroy(&attr);
    }
    if (error != 0) free(t);
    return -error;
}

int cu_task_write(int report, uint64_t number, const char *path, const void *bytes, size_t count) {
    struct task t = {.report = report, .number = number, .run = run_write, .count = count};
    return start(&t, path, bytes);
}

int cu_task_attribute(int report, uint64_t number, const char *path, int writable) {
    struct task t = {
        .report = report, .number = number, .run = run_attribute, .flags = writable ? O_RDWR : O_RDONLY};
    return start(&t, path, NULL);
}

int cu_task_access(int report, uint64_t number, const char *path, uint32_t uid, uint32_t gid, uint32_t mode) {
    struct task t = {
        .report = report, .number = number, .run = run_access, .uid = uid, .gid = gid, .mode = mode & 07777};
    return start(&t, path, NULL);
}

int cu_task_compare(int report, uint64_t number, const char *path, const struct cu_backend_id *backend) {
    struct task t = {.report = report, .number = number, .run = run_compare, .backend = *backend};
    return start(&t, path, NULL);
}

int cu_task_grow(
    int report, uint64_t number, const char *path, const struct cu_backend_id *backend, uint64_t size) {
    struct task t = {.report = report, .number = number, .run = run_grow, .backend = *backend, .size = size};
    return start(&t, path, NULL);
}

int cu_task_open(
    int report, uint64_t number, const char *path, const struct cu_backend_id *backend, uint64_t size) {
    struct task t = {.report = report, .number = number, .run = run_open, .backend = *backend, .size = size};
    return start(&t, path, NULL);
}

int cu_task_claim(int report, uint64_t number, const char *path) {
    struct task t = {.report = report, .number = number, .run = run_claim};
    return start(&t, path, NULL);
}

int cu_task_sync(int report, uint64_t number, const char *path) {
    struct task t = {.report = report, .number = number, .run = run_sync};
    return start(&t, path, NULL);
}

int cu_poll(struct pollfd *fds, unsigned count, uint64_t nanoseconds) {
    struct timespec limit = {
        .tv_sec = (time_t)(nanoseconds / 1000000000ull), .tv_nsec = (long)(nanoseconds % 1000000000ull)};
    int n = ppoll(fds, count, nanoseconds == UINT64_MAX ? NULL : &limit, NULL);
    return n < 0 ? -errno : n;
}

void cu_become_agent(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

int cu_die_with(int parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return -errno;
    return getppid() == parent ? 0 : -ESRCH;
}
