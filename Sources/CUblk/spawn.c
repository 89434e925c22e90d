// Everything between clone and exec: only system calls, no allocation, no lock of the parent's libc.
#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
    const char *path;
    char *const *argv;
    char *const *envp;
    const int *fds;
    unsigned count;
    int error; // of the child: it shares this memory until it has executed
};

// Places the descriptors: first all of them above the range that is filled, so that no source is
// overwritten before it was copied.
static int place(const struct plan *p) {
    int base = 3 + (int)p->count;
    int high[CU_MAX_FDS];
    for (unsigned i = 0; i < p->count; i++) {
        high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, base);
        if (high[i] < 0) return -1;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return -1;
    // Standard error may be one of ours only by accident: it stays whatever the parent's is.
    int has_stderr = fcntl(2, F_GETFD) >= 0;
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0) return -1;
    if (!has_stderr && dup2(null, 2) < 0) return -1;
    for (unsigned i = 0; i < p->count; i++)
        if (dup2(high[i], 3 + (int)i) < 0) return -1;
    if (syscall(SYS_close_range, (unsigned)base, ~0u, 0) < 0) return -1;
    // dup2 onto itself keeps close-on-exec: /dev/null may have been opened as 0, 1 or 2.
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_SETFD, 0) < 0) return -1;
    return 0;
}

static int run_child(void *argument) {
    struct plan *p = argument;
    setpgid(0, 0);
    // exec keeps ignored signals ignored: every one is set back. libc's sigaction refuses its own two (32
    // and 33), so the kernel's is used; all zero is SIG_DFL with no flags and an empty mask.
    const unsigned long def[8] = {0};
    for (int s = 1; s <= 64; s++) syscall(SYS_rt_sigaction, s, def, NULL, 8);
    if (place(p) == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(p->path, p->argv, p->envp);
    }
    p->error = errno;
    _exit(127);
}

// CLONE_VM and CLONE_VFORK: the child borrows the parent's memory until it has executed, so nothing of a
// large parent is copied and its answer lies in `plan`.
int cu_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, unsigned count,
             int *pidfd) {
    enum { stack_size = 64 * 1024 };
    if (count > CU_MAX_FDS) return -E2BIG;
    char *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    struct plan plan = {path, argv, envp, fds, count, 0};

    // A handler of the parent must not run in the child.
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    int fd = -1;
    int pid = clone(run_child, stack + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &fd);
    int error = pid < 0 ? errno : plan.error;
    // The parent's realtime class is for itself; its nice value stays. Not before it has executed: until then the
    // parent waits for it, and would wait for every program that is ready to run.
    const struct sched_param ordinary = {0};
    if (pid > 0) sched_setscheduler(pid, SCHED_OTHER, &ordinary);
    sigprocmask(SIG_SETMASK, &old, NULL);
    munmap(stack, stack_size);
    if (pid > 0 && error != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        close(fd);
    }
    if (error != 0) return -error;
    *pidfd = fd;
    return pid;
}
