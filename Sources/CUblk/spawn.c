// Everything between clone and exec: only system calls, no allocation, no lock of the parent's libc.
#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
    const char *path;
    char *const *argv;
    char *const *envp;
    const int *fds;
    unsigned count;
    int report;
};

// Places the descriptors: first all of them above the range that is filled, so that no source is
// overwritten before it was copied.
static int place(const struct plan *p, int *report) {
    int base = 3 + (int)p->count + 1;
    int high[CU_MAX_FDS];
    int safe = fcntl(p->report, F_DUPFD_CLOEXEC, base);
    if (safe < 0) return -1;
    *report = safe;
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
    int last = base - 1;
    if (dup3(*report, last, O_CLOEXEC) < 0) return -1;
    *report = last;
    if (syscall(SYS_close_range, (unsigned)base, ~0u, 0) < 0) return -1;
    // dup2 onto itself keeps close-on-exec: /dev/null may have been opened as 0, 1 or 2.
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_SETFD, 0) < 0) return -1;
    return 0;
}

static void run_child(const struct plan *p) {
    int report = p->report;
    setpgid(0, 0);
    // exec keeps ignored signals ignored: every one is set back. libc's sigaction refuses its own two (32
    // and 33), so the kernel's is used; all zero is SIG_DFL with no flags and an empty mask.
    const unsigned long def[8] = {0};
    for (int s = 1; s <= 64; s++) syscall(SYS_rt_sigaction, s, def, NULL, 8);
    if (place(p, &report) == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(p->path, p->argv, p->envp);
    }
    int error = errno;
    // Where nobody reads, the failure shows in the exit status, not in a SIGPIPE.
    signal(SIGPIPE, SIG_IGN);
    while (write(report, &error, sizeof error) < 0 && errno == EINTR) {}
    _exit(127);
}

int cu_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, unsigned count,
             int wait_for_exec, int *pidfd) {
    if (count > CU_MAX_FDS) return -E2BIG;
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;

    // A handler of the parent must not run in the child.
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    int fd = -1;
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    int error = pid < 0 ? errno : 0;
    if (pid == 0) {
        struct plan p = {path, argv, envp, fds, count, report[1]};
        run_child(&p);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(report[1]);
    if (pid > 0 && wait_for_exec) {
        ssize_t n;
        do n = read(report[0], &error, sizeof error);
        while (n < 0 && errno == EINTR);
        if (n != sizeof error) error = 0;
        if (error != 0) {
            while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR) {}
            close(fd);
        }
    }
    close(report[0]);
    if (error != 0) return -error;
    *pidfd = fd;
    return (int)pid;
}
