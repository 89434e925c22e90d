// What the Systemd module uses of libsystemd, and the few calls that it makes itself.
#include <stddef.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

// A socket for datagrams that waits for nobody; or -errno.
static inline int cs_datagram_socket(void) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

// Sends one to whoever listens at `path`, without waiting. 0 or -errno.
static inline int cs_send_datagram(int fd, const char *path, const void *bytes, size_t count) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    ssize_t sent = sendto(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          sizeof(address));
    return sent < 0 ? -errno : 0;
}

// Sends one to the service manager, without waiting, and `lent` with it (-1: no descriptor). `name` is that
// of NOTIFY_SOCKET (sd_notify(3)): a path, or '@' and an abstract name (unix(7)). 0 or -errno.
static inline int cs_notify(int fd, const char *name, const void *bytes, size_t count, int lent) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length >= sizeof(address.sun_path)) return -ENAMETOOLONG;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = 0;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_name = &address, .msg_iov = &part, .msg_iovlen = 1};
    // An abstract name ends where the address does: a zero behind it would belong to it.
    message.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    if (lent >= 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &lent, sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

// A second descriptor of the same open file, close-on-exec; or -errno.
static inline int cs_duplicate(int fd) {
    int made = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return made < 0 ? -errno : made;
}
