// varlink call SOCKET METHOD [PARAMETERS]: one call; prints the answer as it came; ends with 1 if that is an error
// or nobody listened. Cheap enough to be called in a loop, which a
// program of 30 MB under emulation is not.
// varlink devices SOCKET [NAME]: a line "NAME STATE WORKER-PID RECOVERIES DOWNTIME-SECONDS NODE" of each device or the one, - for
// what it has not; 1 if nobody answered, or there is no such device. For loops of bash, which takes longer for the JSON than ublkd.
// varlink time SOCKET METHOD MILLISECONDS: calls METHOD again and again for so long, each time on a new
// connection, 10 ms apart. Prints "calls=N refused=N errors=N median_us=N max_us=N slowest_after_ms=N": from connect to the last
// byte of the answer; refused: nobody listened, or not yet.
// varlink more SOCKET METHOD PARAMETERS MILLISECONDS: calls with "more" and prints each answer on a line for so long; 1 if one
// is an error, 2 if the connection was closed before. With 0 it ends after the first answer; 2 if there is none within 60 s.
// varlink crowd SOCKET COUNT MILLISECONDS: that many connections, one call on each; prints "answered=N refused=N" and keeps
// them open for so long.
// varlink long SOCKET BYTES: sends so many bytes of a call that does not end. Prints "closed_ms=N" or "open".
// varlink slow SOCKET MILLISECONDS: sends a byte of a call each 200 ms for so long. The same.
// varlink lazy SOCKET MILLISECONDS: subscribes and reads nothing for so long. The same.
#include <sys/types.h>
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 100000u
#define FIRST_ANSWER_MS 60000u

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

static char answer[1 << 21];

static int connected(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // A ublkd that does not answer must not keep a case from saying so
    struct timeval limit = {.tv_sec = 60};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
        err(1, "socket");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

// Reads one answer, or gives up after so many ms. 1: it is there; 0: not in time; -1: the connection is closed.
static int read_answer(int fd, int milliseconds)
{
    size_t have = 0;
    uint64_t end = now_us() + (uint64_t)milliseconds * 1000u;
    while (have < sizeof answer - 1) {
        uint64_t now = now_us();
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        if (now >= end || poll(&entry, 1, (int)((end - now) / 1000u) + 1) == 0)
            return 0;
        // a byte at a time: the next answer may be there, too
        ssize_t got = read(fd, answer + have, 1);
        if (got <= 0)
            return -1;
        if (answer[have++] == 0)
            return 1;
    }
    errx(1, "an answer without end");
}

static int more(const char *path, const char *method, const char *parameters, uint64_t milliseconds)
{
    uint64_t end = now_us() + (milliseconds ? milliseconds : FIRST_ANSWER_MS) * 1000u;
    int fd = connected(path), got = 0;
    if (fd < 0)
        err(2, "%s", path);
    if (dprintf(fd, "{\"method\":\"%s\",\"parameters\":%s,\"more\":true}%c", method, parameters, 0) < 0)
        err(2, "write");
    while (now_us() < end && (got = read_answer(fd, (int)((end - now_us()) / 1000u))) > 0) {
        puts(answer);
        fflush(stdout);
        if (strstr(answer, "\"error\":\""))
            return 1;
        if (!milliseconds)
            return 0;
    }
    return got < 0 || !milliseconds ? 2 : 0;
}

static int crowd(const char *path, unsigned count, unsigned milliseconds)
{
    unsigned answered = 0, refused = 0;
    for (unsigned i = 0; i < count; i++) {
        int fd = connected(path);
        if (fd < 0)
            err(2, "%s", path);
        // one that is turned away may be so before it can write
        if (dprintf(fd, "{\"method\":\"org.varlink.service.GetInfo\"}%c", 0) > 0 && read_answer(fd, 10000) == 1)
            answered++;
        else
            refused++;
    }
    printf("answered=%u refused=%u\n", answered, refused);
    fflush(stdout);
    usleep(milliseconds * 1000u);
    return 0;
}

// Tells whether the other side closes the connection within so many ms.
static int watch_close(int fd, uint64_t began, uint64_t milliseconds, int drips)
{
    while (now_us() - began < milliseconds * 1000u) {
        struct pollfd entry = {.fd = fd, .events = POLLRDHUP};
        if ((drips && write(fd, "{", 1) < 0) || poll(&entry, 1, 200) > 0) {
            printf("closed_ms=%llu\n", (unsigned long long)((now_us() - began) / 1000u));
            return 0;
        }
    }
    puts("open");
    return 0;
}

static int overlong(const char *path, size_t bytes)
{
    char chunk[4096];
    uint64_t began = now_us();
    int fd = connected(path);
    if (fd < 0)
        err(2, "%s", path);
    memset(chunk, 'x', sizeof chunk);
    while (bytes > 0) {
        ssize_t sent = write(fd, chunk, bytes < sizeof chunk ? bytes : sizeof chunk);
        if (sent < 0)
            break;
        bytes -= (size_t)sent;
    }
    return watch_close(fd, began, 1500, 0);
}

static int slow(const char *path, uint64_t milliseconds)
{
    int fd = connected(path);
    if (fd < 0)
        err(2, "%s", path);
    return watch_close(fd, now_us(), milliseconds, 1);
}

static int lazy(const char *path, uint64_t milliseconds)
{
    int fd = connected(path);
    if (fd < 0)
        err(2, "%s", path);
    if (dprintf(fd, "{\"method\":\"org.ublkd.Subscribe\",\"more\":true,\"parameters\":{\"since\":0}}%c", 0) < 0)
        err(2, "write");
    return watch_close(fd, now_us(), milliseconds, 0);
}

// 0: an answer, in `answer`; 1: nobody there; 2: an error, or no complete answer.
static int call(const char *path, const char *method, const char *parameters)
{
    char request[4096];
    size_t have = 0;
    int outcome = 2;
    size_t length = 1 + (size_t)snprintf(request, sizeof request, "{\"method\":\"%s\",\"parameters\":%s}", method,
                                         parameters);
    answer[0] = 0;
    if (length > sizeof request)
        errx(2, "the call is too long");
    int fd = connected(path);
    if (fd < 0)
        return 1;
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

// The columns of a device: keys of the device itself, and of an object in it.
static const struct {
    const char *key;
    int depth;
} columns[] = {{"\"name\":", 4}, {"\"state\":", 4}, {"\"workerPid\":", 4}, {"\"recoveries\":", 4}, {"\"downtimeSeconds\":", 5},
             {"\"node\":", 4}};
#define COLUMNS (sizeof columns / sizeof columns[0])

// Behind the string that begins at `at`.
static const char *behind_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static int devices(const char *path, const char *name)
{
    const char *value[COLUMNS] = {0};
    char parameters[300] = "{}";
    int depth = 0;
    if (name)
        snprintf(parameters, sizeof parameters, "{\"name\":\"%s\"}", name);
    if (call(path, "org.ublkd.List", parameters))
        return 1;
    for (const char *at = answer; *at;) {
        const char *key = at;
        if (*at == '"') {
            at = behind_string(at);
            for (size_t i = 0; i < COLUMNS; i++)
                if (depth == columns[i].depth && !strncmp(key, columns[i].key, strlen(columns[i].key)))
                    value[i] = at + 1;
            continue;
        }
        // {"parameters":{"devices":[{ is four deep
        if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && depth-- == 4) {
            for (size_t i = 0; i < COLUMNS; i++) {
                const char *text = value[i] ? value[i] + (*value[i] == '"') : "-";
                printf("%.*s%c", (int)strcspn(text, "\",}]"), text, i + 1 < COLUMNS ? ' ' : '\n');
                value[i] = NULL;
            }
        }
        at++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "time"))
        return time_calls(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    signal(SIGPIPE, SIG_IGN);
    if ((argc == 3 || argc == 4) && !strcmp(argv[1], "devices"))
        return devices(argv[2], argc == 4 ? argv[3] : NULL);
    if (argc == 6 && !strcmp(argv[1], "more"))
        return more(argv[2], argv[3], argv[4], strtoull(argv[5], NULL, 10));
    if (argc == 5 && !strcmp(argv[1], "crowd"))
        return crowd(argv[2], (unsigned)strtoul(argv[3], NULL, 10), (unsigned)strtoul(argv[4], NULL, 10));
    if (argc == 4 && !strcmp(argv[1], "long"))
        return overlong(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 4 && !strcmp(argv[1], "slow"))
        return slow(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 4 && !strcmp(argv[1], "lazy"))
        return lazy(argv[2], strtoull(argv[3], NULL, 10));
    if (argc < 4 || argc > 5 || strcmp(argv[1], "call"))
        errx(2, "varlink call SOCKET METHOD [PARAMETERS] | devices SOCKET [NAME] | time SOCKET METHOD MILLISECONDS | "
                "more SOCKET METHOD PARAMETERS MILLISECONDS | crowd SOCKET COUNT MILLISECONDS | long SOCKET BYTES | slow SOCKET MILLISECONDS | lazy SOCKET MILLISECONDS");
    int outcome = call(argv[2], argv[3], argc == 5 ? argv[4] : "{}");
    puts(answer);
    return outcome ? 1 : 0;
}
