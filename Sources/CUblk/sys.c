#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <fcntl.h>

int cu_duplicate(int fd, int lowest) {
    int r = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    return r < 0 ? -errno : r;
}

int cu_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
}

int cu_open(const char *path, int flags, unsigned mode) {
    int r;
    do r = open(path, flags | O_CLOEXEC, mode);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}
