#define _GNU_SOURCE
#include "test_points.h"

#ifdef UBLKD_TEST_POINTS
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int folder = -1;

// Before a worker leaves the host's mounts.
__attribute__((constructor)) static void open_folder(void) {
    int fd = open("/run/ublkd-points", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    // The low numbers belong to the protocol between ublkd and its children.
    folder = fcntl(fd, F_DUPFD_CLOEXEC, 500);
    close(fd);
}

static void act(const char *action) {
    if (strcmp(action, "kill") == 0) kill(getpid(), SIGKILL);
    int *volatile nowhere = NULL;
    // A real one: a signal that was only sent may be blocked.
    if (strcmp(action, "segv") == 0) *(volatile int *)nowhere = 1;
    if (strcmp(action, "trap") == 0) __builtin_trap();
    if (strcmp(action, "abrt") == 0) abort();
    if (strcmp(action, "stop") == 0) kill(getpid(), SIGSTOP);
    if (strcmp(action, "exit") == 0) _exit(3);
    if (strcmp(action, "exit1") == 0) _exit(1);
    if (strcmp(action, "exit0") == 0) _exit(0);
    if (strcmp(action, "leave") == 0) pthread_exit(NULL);
    if (strcmp(action, "delay") == 0) usleep(500000);
    while (strcmp(action, "hold") == 0) pause();
    volatile unsigned long turns = 0;
    while (strcmp(action, "spin") == 0) turns++;
}

void cu_test_point(const char *name) {
    static const char *const actions[] = {"kill",  "segv",  "trap",  "abrt",  "stop", "exit",
                                          "exit1", "exit0", "leave", "delay", "hold", "spin"};
    if (folder < 0) return;
    for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        char file[128];
        int length = snprintf(file, sizeof(file), "%s.%s", name, actions[i]);
        // Who takes the file away acts: one process, one thread, once.
        int taken = unlinkat(folder, file, 0);
        for (int again = 2; taken < 0 && again <= 4; again++) {
            snprintf(file + length, sizeof(file) - length, ".%d", again);
            taken = unlinkat(folder, file, 0);
        }
        if (taken == 0) act(actions[i]);
    }
}

int cu_test_armed(const char *name) { return folder >= 0 && unlinkat(folder, name, 0) == 0; }

static int unfenced = -1;

int cu_fenced_device(int device) {
    if (unfenced < 0 && cu_test_armed("worker.unfenced")) unfenced = fcntl(device, F_DUPFD_CLOEXEC, 500);
    return unfenced < 0 ? device : -1;
}
int cu_unfenced_device(void) { return unfenced; }
#else
void cu_test_point(const char *name) { (void)name; }
int cu_fenced_device(int device) { return device; }
int cu_unfenced_device(void) { return -1; }
#endif
