// stamp: the monotonic clock, in nanoseconds.
// stamp kill PID [MS PID]... [MS]: one line "before after": the clock right before and right after SIGKILL was sent to all
// of them, each so many ms after the one before it. Exit 1 if one of them was not there. With MS at the end it rests so
// long before it says so: a shell that waits for it takes no CPU from what is timed, as a sleep that is started would.
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

static void rest(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
    nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
    int missing = 0;
    if (argc == 1) {
        printf("%llu\n", (unsigned long long)now());
        return 0;
    }
    if (argc < 3 || strcmp(argv[1], "kill"))
        errx(2, "stamp | stamp kill PID [MS PID]... [MS]");
    uint64_t before = now();
    missing |= kill(atoi(argv[2]), SIGKILL);
    for (int i = 3; i + 1 < argc; i += 2) {
        rest(atoi(argv[i]));
        missing |= kill(atoi(argv[i + 1]), SIGKILL);
    }
    uint64_t after = now();
    if (argc % 2 == 0)
        rest(atoi(argv[argc - 1]));
    printf("%llu %llu\n", (unsigned long long)before, (unsigned long long)after);
    return missing ? 1 : 0;
}
