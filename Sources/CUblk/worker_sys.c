#define _GNU_SOURCE
#include "worker_sys.h"
#include "test_points.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

_Static_assert(CU_PUNCH_HOLE == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE), "fallocate mode");
_Static_assert(CU_ZERO_RANGE == (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE), "fallocate mode");
_Static_assert(CU_WRITE_DSYNC == RWF_DSYNC, "RWF_DSYNC");

static int result(long r) { return r < 0 ? -errno : (int)r; }

int cu_worker_undumpable(void) { return result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)); }

int cu_worker_io_flusher(void) {
#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
    return result(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
}

static pthread_key_t guard;
static pthread_once_t guard_made = PTHREAD_ONCE_INIT;

static void end_process(void *status) { _exit((int)(intptr_t)status); }
static void make_guard(void) { pthread_key_create(&guard, end_process); }

void cu_guard_thread(int status) {
    pthread_once(&guard_made, make_guard);
    pthread_setspecific(guard, (void *)(intptr_t)status);
}

void cu_release_thread(void) { pthread_setspecific(guard, NULL); }

int cu_thread_name(const char *name) { return result(prctl(PR_SET_NAME, name, 0, 0, 0)); }

int cu_refuse_signals(void) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) signal(faults[i], SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    return result(sigprocmask(SIG_SETMASK, &all, NULL));
}

int cu_worker_limits(void) {
    struct rlimit none = {0, 0}, unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    int r = result(setrlimit(RLIMIT_CORE, &none));
    // After the change of user the limit would count, and a mapping made then would be refused.
    int m = result(setrlimit(RLIMIT_MEMLOCK, &unlimited));
    return r < 0 ? r : m;
}

int cu_lock_memory(void) { return result(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)); }

// Set once nothing that is done to the mounts here can reach the host's.
static int mounts_are_ours;

int cu_private_mounts(void) {
    if (unshare(CLONE_NEWNS) < 0) return -errno;
    // Slave, not private: what the host unmounts later must not stay pinned in here.
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) return -errno;
    mounts_are_ours = 1;
    return 0;
}

int cu_detach_mounts(void) {
    if (!mounts_are_ours) return -EPERM;
    return result(umount2("/", MNT_DETACH));
}

int cu_bar_privileges(void) {
    // Refused where CAP_SETPCAP was taken from the service: no_new_privs alone bars the way as well.
    for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0) break;
    return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int cu_drop_thread_privileges(uint32_t uid, uint32_t gid) {
    // The system calls themselves: libc's would change every thread.
    if (syscall(SYS_setgroups, 0, NULL) < 0) return -errno;
    if (syscall(SYS_setresgid, gid, gid, gid) < 0) return -errno;
    if (syscall(SYS_setresuid, uid, uid, uid) < 0) return -errno;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof(none));
    if (syscall(SYS_capset, &header, none) < 0) return -errno;
    return cu_worker_undumpable();
}

int cu_thread_nice(int nice) { return result(setpriority(PRIO_PROCESS, 0, nice)); }

int cu_thread_cpus(int thread, const int32_t *cpus, uint32_t count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE) continue;
        CPU_SET(cpus[i], &set);
        used++;
    }
    if (used == 0) return -EINVAL;
    return result(sched_setaffinity(thread, sizeof(set), &set));
}

int cu_thread_id(void) { return (int)syscall(SYS_gettid); }

int cu_is_record_socket(int fd) {
    int type = 0;
    socklen_t size = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int cu_eventfd(void) { return result(eventfd(0, EFD_CLOEXEC)); }

int cu_eventfd_add(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

int cu_eventfd_wait(int fd) {
    uint64_t value;
    ssize_t r;
    do r = read(fd, &value, sizeof(value));
    while (r < 0 && errno == EINTR);
    return r == sizeof(value) ? 0 : -errno;
}

int cu_open_no_atime(const char *path, int flags) {
    int fd = open(path, flags | O_NOATIME, 0600);
    // Only its owner and root may ask for that
    return fd >= 0 || errno != EPERM ? fd : open(path, flags, 0600);
}

int cu_open_backend(const char *path, int flags) {
    int f = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (flags & CU_OPEN_READ_ONLY ? O_RDONLY : O_RDWR);
    if (flags & CU_OPEN_CREATE) f |= O_CREAT | O_EXCL;
    if (flags & CU_OPEN_EXCLUSIVE && !cu_test_armed("worker.unclaimed")) f |= O_EXCL;
    int fd = cu_open_no_atime(path, f);
    if (fd < 0) return -errno;
    // A ring answers EAGAIN for a file that is not to block, instead of waiting for its data.
    int now = fcntl(fd, F_GETFL);
    if (now < 0 || fcntl(fd, F_SETFL, now & ~O_NONBLOCK) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int cu_set_direct(int fd, int on) {
    int now = fcntl(fd, F_GETFL);
    if (now < 0) return -errno;
    return result(fcntl(fd, F_SETFL, on ? now | O_DIRECT : now & ~O_DIRECT));
}

int cu_open_folder(const char *path) { return result(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)); }

int cu_open_in(int folder, const char *name) { return result(openat(folder, name, O_RDWR | O_CLOEXEC)); }

int64_t cu_read_text(const char *path, char *out, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t used = 0;
    while (used < capacity) {
        ssize_t r = read(fd, out + used, capacity - used);
        if (r <= 0) break;
        used += (size_t)r;
    }
    close(fd);
    return (int64_t)used;
}

int64_t cu_write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t r = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    return r < 0 ? -error : r;
}

int64_t cu_read_link(const char *path, char *out, size_t capacity) {
    ssize_t r = readlink(path, out, capacity);
    return r < 0 ? -errno : r;
}

int cu_place_descriptor(int fd, int number) {
    if (fd == number) return 0;
    return dup3(fd, number, O_CLOEXEC) < 0 ? -errno : 0;
}

int cu_wait_either(int first, int second, int timeout_ms) {
    struct pollfd p[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    int r;
    do r = poll(p, 2, timeout_ms);
    while (r < 0 && errno == EINTR);
    if (r < 0) return -errno;
    return (p[0].revents ? 1 : 0) | (p[1].revents ? 2 : 0);
}

void *cu_map_lazy(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return NULL;
    madvise(p, bytes, MADV_NOHUGEPAGE);
    return p;
}

int cu_give_back(void *address, size_t bytes) {
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
    unsigned char known;
    // What cannot be checked afterwards is not given back.
    if (mincore(address, 1, &known) < 0) return -errno;
    return result(madvise(address, bytes, MADV_DONTNEED_LOCKED));
}

int cu_is_resident(const void *address, size_t bytes) {
    unsigned char pages[256];
    const size_t most = sizeof(pages) * 4096;
    for (size_t at = 0; at < bytes; at += most) {
        size_t part = bytes - at < most ? bytes - at : most;
        int r;
        do r = mincore((char *)address + at, part, pages);
        while (r < 0 && errno == EAGAIN);
        if (r < 0) return -errno;
        for (size_t i = 0; i < (part + 4095) / 4096; i++)
            if (!(pages[i] & 1)) return 0;
    }
    return 1;
}

const void *cu_map_shared(int fd, uint64_t offset, size_t bytes, int *error) {
    void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, (off_t)offset);
    *error = p == MAP_FAILED ? -errno : 0;
    return p == MAP_FAILED ? NULL : p;
}

void cu_unmap(const void *address, size_t bytes) { munmap((void *)address, bytes); }

// The part of struct statx that libc headers of 2023 do not have yet, at its documented offsets.
struct direct_alignment {
    uint32_t mask;
    uint8_t other[148];
    uint32_t memory;
    uint32_t offset;
    uint8_t rest[96];
};
_Static_assert(sizeof(struct direct_alignment) == 256, "struct statx");
_Static_assert(offsetof(struct direct_alignment, memory) == 152, "stx_dio_mem_align");
#define WANT_DIRECT_ALIGNMENT 0x2000u

static void take(const struct stat *st, struct cu_file_facts *out) {
    memset(out, 0, sizeof(*out));
    out->device = st->st_dev;
    out->inode = st->st_ino;
    out->rdev = st->st_rdev;
    out->size = (uint64_t)st->st_size;
    out->kind = st->st_mode & S_IFMT;
    out->block = (uint32_t)st->st_blksize;
}

int cu_path_facts(const char *path, struct cu_file_facts *out) {
    struct stat st;
    if (stat(path, &st) < 0) return -errno;
    take(&st, out);
    return 0;
}

int cu_file_facts(int fd, struct cu_file_facts *out) {
    struct stat st;
    if (fstat(fd, &st) < 0) return -errno;
    take(&st, out);
    struct direct_alignment x;
    memset(&x, 0, sizeof(x));
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, WANT_DIRECT_ALIGNMENT, &x) == 0 &&
        (x.mask & WANT_DIRECT_ALIGNMENT)) {
        out->dio_known = 1;
        out->dio_offset = x.offset;
        out->dio_memory = x.memory;
    }
    if (!S_ISBLK(st.st_mode)) return 0;
    uint64_t bytes = 0;
    int logical = 0;
    unsigned physical = 0, optimal = 0;
    if (ioctl(fd, BLKGETSIZE64, &bytes) < 0) return -errno;
    if (ioctl(fd, BLKSSZGET, &logical) < 0) return -errno;
    if (ioctl(fd, BLKPBSZGET, &physical) < 0) physical = (unsigned)logical;
    if (ioctl(fd, BLKIOOPT, &optimal) < 0) optimal = 0;
    out->size = bytes;
    out->logical = (uint32_t)logical;
    out->physical = physical;
    out->optimal = optimal;
    return 0;
}

int64_t cu_queue_attribute(uint64_t device, const char *name, char *out, size_t capacity) {
    char path[160];
    int64_t r = -ENOENT;
    for (int up = 0; up < 2 && r == -ENOENT; up++) {
        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/%s", major((dev_t)device),
                 minor((dev_t)device), up ? "../" : "", name);
        r = cu_read_text(path, out, capacity);
    }
    return r;
}

int cu_lock_file(int fd, int exclusive) {
    if (cu_test_armed("worker.unlocked")) return 0;
    struct flock lock;
    memset(&lock, 0, sizeof(lock));
    lock.l_type = exclusive ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;
    return result(fcntl(fd, F_OFD_SETLK, &lock));
}

int cu_grow_file(int fd, uint64_t size) { return result(ftruncate(fd, (off_t)size)); }

int cu_sync_file(int fd) { return result(fsync(fd)); }

int cu_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes) {
    return result(fallocate(fd, mode, (off_t)offset, (off_t)bytes));
}

int64_t cu_pread(int fd, void *buffer, size_t bytes, uint64_t offset) {
    ssize_t r = pread(fd, buffer, bytes, (off_t)offset);
    return r < 0 ? -errno : r;
}

int64_t cu_pwrite(int fd, const void *buffer, size_t bytes, uint64_t offset) {
    ssize_t r = pwrite(fd, buffer, bytes, (off_t)offset);
    return r < 0 ? -errno : r;
}

int cu_try_read(int fd, uint32_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, 4096, bytes) != 0) return -ENOMEM;
    ssize_t r = pread(fd, memory, bytes, 0);
    int answer = r < 0 ? -errno : (int)r;
    free(memory);
    return answer;
}
