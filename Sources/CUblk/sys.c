#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int cu_duplicate(int fd, int lowest) {
    int r = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    return r < 0 ? -errno : r;
}

int cu_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
}

int cu_pipe(int out[2]) { return pipe2(out, O_CLOEXEC) < 0 ? -errno : 0; }

int cu_path_flag(void) { return O_PATH; }

int cu_open(const char *path, int flags, unsigned mode) {
    int r;
    do r = open(path, flags | O_CLOEXEC, mode);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

static int file_status(int dir, const char *path, int flags, struct cu_file *out) {
    struct statx s;
    if (statx(dir, path, flags | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &s) < 0) return -errno;
    *out = (struct cu_file){
        .mode = s.stx_mode,
        .uid = s.stx_uid,
        .gid = s.stx_gid,
        .links = s.stx_nlink,
        .device = makedev(s.stx_dev_major, s.stx_dev_minor),
        .inode = s.stx_ino,
        .size = s.stx_size,
    };
    if (S_ISBLK(s.stx_mode) || S_ISCHR(s.stx_mode)) out->node = makedev(s.stx_rdev_major, s.stx_rdev_minor);
    return 0;
}

int cu_file_at(const char *path, int follow, struct cu_file *out) {
    return file_status(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, out);
}

int cu_file_of(int fd, struct cu_file *out) { return file_status(fd, "", AT_EMPTY_PATH, out); }

unsigned cu_major(uint64_t number) { return major(number); }
unsigned cu_minor(uint64_t number) { return minor(number); }
uint64_t cu_device_number(unsigned major, unsigned minor) { return makedev(major, minor); }

int cu_memfd_fixed(const char *name, uint64_t size) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    if (ftruncate(fd, (off_t)size) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cu_is_fixed(int fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}
