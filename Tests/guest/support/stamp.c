// stamp: the monotonic clock, in nanoseconds.
// stamp kill PID [MS PID]...: one line "before after": the clock right before and right after SIGKILL was sent to all
// of them, each so many ms after the one before it. Exit 1 if one of them was not there.
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv)
{
    int missing = 0;
    if (argc == 1) {
        printf("%llu\n", (unsigned long long)now());
        return 0;
    }
    if (argc < 3 || argc % 2 == 0 || strcmp(argv[1], "kill"))
        errx(2, "stamp | stamp kill PID [MS PID]...");
    uint64_t before = now();
    missing |= kill(atoi(argv[2]), SIGKILL);
    for (int i = 3; i < argc; i += 2) {
        int ms = atoi(argv[i]);
        struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
        nanosleep(&pause, NULL);
        missing |= kill(atoi(argv[i + 1]), SIGKILL);
    }
    uint64_t after = now();
    printf("%llu %llu\n", (unsigned long long)before, (unsigned long long)after);
    return missing ? 1 : 0;
}
