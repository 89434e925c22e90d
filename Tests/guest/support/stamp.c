// stamp: the monotonic clock, in nanoseconds.
// stamp kill PID...: one line "before after": the clock right before and right after SIGKILL was sent to all
// of them. Exit 1 if one of them was not there.
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
    if (argc < 3 || strcmp(argv[1], "kill"))
        errx(2, "stamp | stamp kill PID...");
    uint64_t before = now();
    for (int i = 2; i < argc; i++)
        missing |= kill(atoi(argv[i]), SIGKILL);
    uint64_t after = now();
    printf("%llu %llu\n", (unsigned long long)before, (unsigned long long)after);
    return missing ? 1 : 0;
}
