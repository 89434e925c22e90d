#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int) * CU_MAX_FDS)];
};

int cu_channel_pair(int out[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) < 0 ? -errno : 0;
}

int cu_channel_send(int fd, const void *bytes, size_t count, const int *fds, unsigned fd_count, int wait) {
    // An empty record could not be told from the end of the stream.
    if (count == 0) return -EINVAL;
    if (fd_count > CU_MAX_FDS) return -E2BIG;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (fd_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(head), fds, sizeof(int) * fd_count);
    }
    ssize_t n;
    do n = sendmsg(fd, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int cu_channel_receive(int fd, void *bytes, size_t capacity, int *fds, unsigned *fd_count, int wait) {
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    union control control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    *fd_count = 0;
    ssize_t n;
    int reset_seen = 0;
    for (;;) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        message.msg_flags = 0;
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
        if (n >= 0) break;
        if (errno == EINTR) continue;
        if (errno != ECONNRESET) return -errno;
        // The peer left without reading all; what it had sent is still queued behind this error.
        if (reset_seen) return 0;
        reset_seen = 1;
    }
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head != NULL; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t total = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < total; i++) {
            int got;
            memcpy(&got, CMSG_DATA(head) + i * sizeof(int), sizeof got);
            if (*fd_count < CU_MAX_FDS)
                fds[(*fd_count)++] = got;
            else
                close(got);
        }
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (unsigned i = 0; i < *fd_count; i++) close(fds[i]);
        *fd_count = 0;
        return -EMSGSIZE;
    }
    return (int)n;
}
