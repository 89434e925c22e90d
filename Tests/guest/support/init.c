// The first process of a guest, on its initramfs: finds the root disk, unpacks the harness's own files over
// it, and hands over. "flavour=systemd" on the kernel command line: to systemd. Otherwise it stays process 1
// itself: runs /usr/lib/guest/setup once, keeps /usr/lib/guest/agent running, and reaps whoever is orphaned
// here, as a service manager would.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void give_up(const char *what)
{
    fprintf(stderr, "guest init: %s: %s\n", what, strerror(errno));
    sync();
    // The kernel panics when process 1 ends, and the host sees the guest die.
    exit(1);
}

static pid_t start(char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setsid();
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static int run(char *const argv[])
{
    pid_t pid = start(argv), done;
    int status = 0;
    if (pid < 0)
        give_up("fork");
    while ((done = waitpid(-1, &status, 0)) != pid)
        if (done < 0 && errno != EINTR)
            give_up("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void load(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        give_up(path);
    if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
        give_up(path);
    close(fd);
}

static void mount_root(unsigned long flags)
{
    for (int tries = 0; mount("/dev/vda", "/new", "ext4", MS_NOATIME | flags, NULL); tries++) {
        if (tries > 500)
            give_up("mount /dev/vda");
        usleep(20000);
    }
}

// A machine that was reset left its disk, which has no journal, as it was at that moment: its own e2fsck makes it
// whole. On a disk that was unmounted this only looks.
static void check_root(void)
{
    int status = 0;
    mount_root(MS_RDONLY);
    // it checks a mounted disk only if /proc tells it that this is its own root
    if (mount("devtmpfs", "/new/dev", "devtmpfs", 0, NULL) || mount("proc", "/new/proc", "proc", 0, NULL))
        give_up("mount for e2fsck");
    pid_t pid = fork();
    if (pid == 0) {
        if (chroot("/new") || chdir("/"))
            _exit(127);
        execl("/usr/sbin/e2fsck", "e2fsck", "-y", "/dev/vda", NULL);
        _exit(127);
    }
    // 1 and 2: there was something to repair
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 3)
        give_up("e2fsck");
    if (umount("/new/proc") || umount("/new/dev") || umount("/new"))
        give_up("umount after e2fsck");
}

static void switch_root(void)
{
    check_root();
    mount_root(0);
    if (mount("/dev", "/new/dev", NULL, MS_MOVE, NULL))
        give_up("move /dev");
    if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        give_up("switch root");
}

int main(void)
{
    char line[4096] = "";
    sigset_t all;
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/new", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; console >= 0 && fd < 3; fd++)
        dup2(console, fd);
    // How the host tells a machine that never came up from one in which a program of ours may have a part
    puts("guest init: process 1 runs");
    fflush(stdout);
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, line, sizeof line - 1) < 0)
        give_up("/proc/cmdline");
    close(fd);
    umount("/proc");
    load("/virtio_blk.ko");
    switch_root();
    if (run((char *[]){"/usr/bin/tar", "-xf", "/dev/vdb", "-C", "/", NULL}))
        give_up("unpack the harness's files");
    if (strstr(line, "flavour=systemd")) {
        execl("/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd", NULL);
        give_up("systemd");
    }
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", 1);
    setenv("HOME", "/root", 1);
    if (run((char *[]){"/usr/lib/guest/setup", NULL}))
        give_up("setup");
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (pid_t agent = 0;;) {
        if (agent <= 0)
            agent = start((char *[]){"/usr/lib/guest/agent", NULL});
        pid_t done = waitpid(-1, NULL, 0);
        if (done == agent)
            agent = 0;
    }
}
