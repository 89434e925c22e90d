#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int cu_pidfd_open(int pid) {
    long r = syscall(SYS_pidfd_open, pid, 0);
    return r < 0 ? -errno : (int)r;
}

int cu_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int cu_pidfd_descriptor(int pidfd, int number) {
    long r = syscall(SYS_pidfd_getfd, pidfd, number, 0);
    return r < 0 ? -errno : (int)r;
}

// PIDFD_GET_INFO as the kernel documents its first version (linux/pidfd.h, 6.13; the exit code 6.15). Older
// headers lack it.
struct pidfd_info_0 {
    uint64_t mask, cgroup;
    uint32_t pid, tgid, ppid, ids[8];
    int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_0) == 64, "pidfd_info, first version");
#define INFO_EXIT (1ull << 3)
#define GET_INFO _IOWR(0xff, 11, struct pidfd_info_0)

static int of_status(int status, int *value) {
    if (WIFEXITED(status)) {
        *value = WEXITSTATUS(status);
        return CU_EXITED;
    }
    *value = WTERMSIG(status);
    return CU_SIGNALLED;
}

int cu_pidfd_reap(int pidfd, int *value) {
    *value = 0;
    siginfo_t info = {0};
    int r;
    do r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    while (r < 0 && errno == EINTR);
    if (r == 0) {
        if (info.si_pid == 0) return CU_STILL_RUNNING;
        *value = info.si_status;
        return info.si_code == CLD_EXITED ? CU_EXITED : CU_SIGNALLED;
    }
    if (errno != ECHILD) return -errno;

    // Somebody else's child: a pidfd is readable once its process has ended.
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    do r = poll(&p, 1, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0) return -errno;
    if (r == 0) return CU_STILL_RUNNING;
    struct pidfd_info_0 told = {.mask = INFO_EXIT};
    if (ioctl(pidfd, GET_INFO, &told) == 0 && (told.mask & INFO_EXIT)) return of_status(told.exit_code, value);
    return CU_UNKNOWN;
}
