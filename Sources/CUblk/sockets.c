#define _GNU_SOURCE
#include "sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address_of(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(address->sun_path))
        return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

// Makes room at the address, where the socket file of a dead listener may be.
static int clear_address(const struct sockaddr_un *address) {
    struct stat s;
    if (lstat(address->sun_path, &s) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(s.st_mode))
        return -ENOTSOCK;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
    close(fd);
    // A full backlog is a listener's, too.
    if (error == 0 || error == EAGAIN)
        return -EADDRINUSE;
    if (error != ECONNREFUSED && error != ENOENT)
        return -error;
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

int cu_unix_listen(const char *path, unsigned mode, int backlog) {
    struct sockaddr_un address;
    int result = address_of(path, &address);
    if (result < 0)
        return result;
    result = clear_address(&address);
    if (result < 0)
        return result;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    // Nobody can connect before listen, so the mode is right from the first connection on.
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
        listen(fd, backlog) < 0) {
        result = -errno;
        close(fd);
        return result;
    }
    return fd;
}

int cu_unix_accept(int fd) {
    int accepted;
    do
        accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (accepted < 0 && (errno == EINTR || errno == ECONNABORTED));
    return accepted < 0 ? -errno : accepted;
}

int cu_peer(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred who;
    socklen_t length = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0)
        return -errno;
    *pid = who.pid;
    *uid = who.uid;
    *gid = who.gid;
    return 0;
}

int cu_peer_groups(int fd, uint32_t *groups, unsigned room) {
#ifdef SO_PEERGROUPS
    socklen_t length = room * sizeof(*groups);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
        return -errno;
    return (int)(length / sizeof(*groups));
#else
    return 0;
#endif
}

int cu_lock(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

int cu_user(const char *name, uint32_t *uid, uint32_t *gid) {
    struct passwd *entry = getpwnam(name);
    if (!entry)
        return -ENOENT;
    *uid = entry->pw_uid;
    *gid = entry->pw_gid;
    return 0;
}

int cu_group(const char *name, uint32_t *gid) {
    struct group *entry = getgrnam(name);
    if (!entry)
        return -ENOENT;
    *gid = entry->gr_gid;
    return 0;
}
