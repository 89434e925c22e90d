// System calls that Swift cannot make: variadic, computed by macros, or between clone and exec. Everything
// returns a value or -errno; nothing sets errno for the caller to read.
#ifndef CUBLK_SYS_H
#define CUBLK_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

static inline uint64_t cu_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

// ---- descriptors (sys.c) --------------------------------------------------------------------------------

// A duplicate at `lowest` or above, close-on-exec. fcntl is variadic.
int cu_duplicate(int fd, int lowest);
int cu_set_nonblocking(int fd);
// out[0] is read from, out[1] written to; both close-on-exec.
int cu_pipe(int out[2]);
// open(2) with close-on-exec added; open is variadic.
// O_PATH, which libc's module does not show.
int cu_path_flag(void);
int cu_open(const char *path, int flags, unsigned mode);

// What stat tells, of the link's target (`follow`) or the link itself. Never asks a file server.
struct cu_file {
    uint32_t mode; // type and permissions
    uint32_t uid, gid;
    uint32_t links;
    uint64_t device; // makedev of the file system
    uint64_t inode;
    uint64_t size;
    uint64_t node; // makedev of a device node, 0 otherwise
};
int cu_file_at(const char *path, int follow, struct cu_file *out);
int cu_file_of(int fd, struct cu_file *out);
unsigned cu_major(uint64_t number);
unsigned cu_minor(uint64_t number);
uint64_t cu_device_number(unsigned major, unsigned minor);

// A memfd of `size` bytes, close-on-exec, that can neither shrink nor grow, nor be sealed further.
int cu_memfd_fixed(const char *name, uint64_t size);
// 1 when a mapping of this descriptor can never lose its pages by truncation; 0 when it can.
int cu_is_fixed(int fd);

// ---- processes (spawn.c, pidfd.c) -----------------------------------------------------------------------

// Starts `path` in its own process group with 0 and 1 on /dev/null, 2 inherited, `fds[i]` as 3 + i and
// nothing else open, every signal unblocked and default. An exec that fails is reported here as -errno, the
// child already reaped. Returns the pid; `pidfd` receives its pidfd (close-on-exec).
int cu_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, unsigned count,
             int *pidfd);

int cu_pidfd_open(int pid);
int cu_pidfd_signal(int pidfd, int signal);
// A duplicate of descriptor `number` of that process, close-on-exec.
int cu_pidfd_descriptor(int pidfd, int number);

enum cu_exit_kind {
    CU_STILL_RUNNING = 0,
    CU_EXITED = 1,    // value: exit status
    CU_SIGNALLED = 2, // value: signal number
    CU_UNKNOWN = 3,   // ended; the kernel does not tell this process how
};
// Reaps a child that ended, or asks the kernel how another one's child did. Never waits.
int cu_pidfd_reap(int pidfd, int *value);

// ---- what can block, on a thread of its own (task.c) ----------------------------------------------------

// Written whole to the `report` pipe when the operation has ended.
struct cu_task_done {
    uint64_t number;
    int64_t result; // 0 or -errno
};
// Each returns 0 once the thread runs. Text and bytes are copied.
int cu_task_write(int report, uint64_t number, const char *path, const void *bytes, size_t count);
// Result: a descriptor of the file at path, close-on-exec. To open one in sysfs waits for whoever makes or removes a device.
int cu_task_attribute(int report, uint64_t number, const char *path, int writable);
// Owner, group and permissions of a device node, which is not opened and not reached through a link.
int cu_task_access(int report, uint64_t number, const char *path, uint32_t uid, uint32_t gid, uint32_t mode);

// Which backend a path is to lead to: a block device by its st_rdev, or a regular file by st_dev and st_ino.
struct cu_backend_id {
    uint64_t device, inode;
    uint32_t is_block_device;
    uint32_t may_grow;  // a regular file that is too small may be extended
    uint32_t read_only; // to be opened so
    uint32_t direct;    // past the page cache
};
// Result 1: the path leads there; 0: to something else.
int cu_task_compare(int report, uint64_t number, const char *path, const struct cu_backend_id *backend);
// Result 0: it has at least `size` bytes now. EFBIG: it is smaller and may not, or cannot, be extended here.
// ESTALE: the path leads to something else.
int cu_task_grow(
    int report, uint64_t number, const char *path, const struct cu_backend_id *backend, uint64_t size);

// Result: a descriptor of this process, close-on-exec, not locked. EFBIG: the backend has fewer than `size` bytes.
// ESTALE: the path leads to something else.
int cu_task_open(
    int report, uint64_t number, const char *path, const struct cu_backend_id *backend, uint64_t size);

// The result is a descriptor of the block device at path, which nobody else can claim (O_EXCL) while it is open; -EBUSY:
// somebody has: a file system, swap, or another block device on top.
int cu_task_claim(int report, uint64_t number, const char *path);

// syncfs(2) of the file system that holds path.
int cu_task_sync(int report, uint64_t number, const char *path);

// Waits for events, `nanoseconds` at most (UINT64_MAX: without limit). poll counts milliseconds.
struct pollfd;
int cu_poll(struct pollfd *fds, unsigned count, uint64_t nanoseconds);

// Names this process and marks it as one that block I/O may wait for, where the caller may do that.
void cu_become_agent(const char *name);
// SIGKILL for this process when its parent ends. -ESRCH: the parent, which was `parent`, is gone already.
int cu_die_with(int parent);

// ---- records with descriptors (cmsg.c) ------------------------------------------------------------------

#define CU_MAX_FDS 16u

int cu_channel_pair(int out[2]);
// One record. With `wait` zero a full socket is -EAGAIN.
int cu_channel_send(int fd, const void *bytes, size_t count, const int *fds, unsigned fd_count, int wait);
// One record into `bytes`; 0 at the end. `fds` has room for CU_MAX_FDS. A record that does not fit, or one
// with more descriptors, is dropped, its descriptors closed: -EMSGSIZE.
int cu_channel_receive(int fd, void *bytes, size_t capacity, int *fds, unsigned *fd_count, int wait);

#endif
