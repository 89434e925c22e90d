// fdstore CGROUP add NAME FILE | fdstore CGROUP remove NAME: a service's descriptors that systemd keeps, changed by somebody
// who is none of ours: joins the service's cgroup (a folder below /sys/fs/cgroup) and notifies as one of its processes
// (NotifyAccess=all). Ends once systemd has taken the change in.
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void join(const char *cgroup)
{
    char path[256];
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", cgroup);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || dprintf(fd, "%d", getpid()) < 0)
        err(1, "%s", path);
    close(fd);
}

// `fd`: goes along; -1: none.
static void notify(const char *text, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/notify"};
    struct iovec part = {.iov_base = (void *)text, .iov_len = strlen(text)};
    char room[CMSG_SPACE(sizeof fd)] = {0};
    struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = room;
        message.msg_controllen = sizeof room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (to < 0 || sendmsg(to, &message, MSG_NOSIGNAL) < 0)
        err(1, "notify");
    close(to);
}

// Waits until what was sent before is dealt with: systemd tells whose it is by the cgroup of its sender, who must not be
// gone by then. It closes the descriptor of this message when its turn comes: sd_notify_barrier(3).
static void await_systemd(void)
{
    int ends[2];
    if (pipe(ends))
        err(1, "pipe");
    notify("BARRIER=1", ends[1]);
    close(ends[1]);
    struct pollfd closed = {.fd = ends[0]};
    int count = poll(&closed, 1, 60000);
    if (count < 0)
        err(1, "poll");
    if (count == 0)
        errx(1, "systemd has not come to it in 60 s");
}

int main(int argc, char **argv)
{
    char text[256];
    int fd = -1;
    if (argc == 5 && strcmp(argv[2], "add") == 0) {
        fd = open(argv[4], O_RDWR | O_CLOEXEC);
        if (fd < 0)
            err(1, "%s", argv[4]);
        snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s", argv[3]);
    } else if (argc == 4 && strcmp(argv[2], "remove") == 0) {
        snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", argv[3]);
    } else {
        errx(2, "fdstore CGROUP add NAME FILE | fdstore CGROUP remove NAME");
    }
    join(argv[1]);
    notify(text, fd);
    await_systemd();
    return 0;
}
