// varlink call SOCKET METHOD [PARAMETERS]: one call; prints the answer as it came; ends with 1 if that is an error
// or nobody listened. Cheap enough to be called in a loop, which a
// program of 30 MB under emulation is not.
// varlink time SOCKET METHOD MILLISECONDS: calls METHOD again and again for so long, each time on a new
// connection, 10 ms apart. Prints "calls=N refused=N errors=N median_us=N max_us=N slowest_after_ms=N": from connect to the last
// byte of the answer; refused: nobody listened, or not yet.
#include <sys/types.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 100000u

static uint64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_nsec / 1000u;
}

static int less(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static char answer[1 << 20];

// 0: an answer, in `answer`; 1: nobody there; 2: an error, or no complete answer.
static int call(const char *path, const char *method, const char *parameters)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char request[4096];
    size_t have = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), outcome = 2;
    if (fd < 0)
        err(1, "socket");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    size_t length = 1 + (size_t)snprintf(request, sizeof request, "{\"method\":\"%s\",\"parameters\":%s}", method,
                                         parameters);
    answer[0] = 0;
    if (length > sizeof request)
        errx(2, "the call is too long");
    if (connect(fd, (const struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return 1;
    }
    if (write(fd, request, length) == (ssize_t)length) {
        ssize_t got;
        while (have < sizeof answer - 1 && (got = read(fd, answer + have, sizeof answer - 1 - have)) > 0) {
            have += (size_t)got;
            if (answer[have - 1] == 0) {
                outcome = strstr(answer, "\"error\":\"") ? 2 : 0;
                break;
            }
        }
        answer[have] = 0;
    }
    close(fd);
    return outcome;
}

static int time_calls(const char *path, const char *method, uint64_t milliseconds)
{
    static uint64_t took[LIMIT];
    size_t calls = 0, refused = 0, errors = 0, slowest = 0;
    uint64_t begin = now_us(), longest = 0;
    uint64_t end = now_us() + milliseconds * 1000u;
    while (now_us() < end && calls < LIMIT) {
        uint64_t began = now_us();
        int outcome = call(path, method, "{}");
        if (outcome == 1)
            refused++;
        else if (outcome == 2)
            errors++;
        else if ((took[calls++] = now_us() - began) > longest) {
            longest = took[calls - 1];
            slowest = (began - begin) / 1000;
        }
        usleep(10000);
    }
    qsort(took, calls, sizeof took[0], less);
    printf("calls=%zu refused=%zu errors=%zu median_us=%llu max_us=%llu slowest_after_ms=%zu\n", calls, refused, errors,
           calls ? (unsigned long long)took[calls / 2] : 0, (unsigned long long)longest, slowest);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "time"))
        return time_calls(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    if (argc < 4 || argc > 5 || strcmp(argv[1], "call"))
        errx(2, "varlink call SOCKET METHOD [PARAMETERS] | time SOCKET METHOD MILLISECONDS");
    int outcome = call(argv[2], argv[3], argc == 5 ? argv[4] : "{}");
    puts(answer);
    return outcome ? 1 : 0;
}
