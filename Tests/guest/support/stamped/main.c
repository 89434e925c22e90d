// stamped: writes blocks to a device that can be told from each other, and keeps a log elsewhere of what was
// written, so that it can be said later whether every acknowledged write is there and nothing else.
//
// stamped write DEVICE LOG [OPTION…]
//     Direct writes of 4 KiB to random blocks, many in flight, never two to one block. A LOG that is there is
//     gone on with; with a new one the region must be blank. SIGTERM, SIGINT: what is in flight is finished.
//     --uuid UUID        the device's (random); --seed N: of everything random here
//     --first B          where the region begins (0) and
//     --blocks N         how long it is (to the end), in blocks of 4 KiB
//     --depth D          writes in flight (32); --lanes L: over so many threads, each on a CPU (2)
//     --readers R        reads in flight (0): each compared at once with what must be there
//     --rate IOPS        so many writes a second at most, and as many reads; --bursts: not evenly, but as many at once
//                        as may be in flight, and then a pause
//     --flush-every K    a FLUSH for each K acknowledged writes; --fua-share P: of the writes have FUA (0–1)
//     --seconds S        ends by itself
// stamped check DEVICE LOG [--durable-only]
//     Each block of the region: is what it holds the last acknowledged write to it, or a later one that was issued?
//     With --durable-only, after a loss of power: the last one that a FLUSH or FUA covers, or a later one.
// stamped show DEVICE BLOCK    what is in a block
// stamped log LOG              the log in words: TIME KIND BLOCK SEQUENCE …
//
// Exit status: 0; 1 faults, I/O errors, or nothing to check; 2 usage; 3 it could not be done.
#include "stamped.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void usage(void)
{
    fprintf(stderr, "stamped write DEVICE LOG [OPTION...] | check DEVICE LOG [--durable-only] | show DEVICE BLOCK | log LOG\n");
    exit(ENDED_USAGE);
}

static uint64_t whole_number(const char *text, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value > most)
        errx(ENDED_USAGE, "'%s' is not a number of 0 to %llu", text, (unsigned long long)most);
    return value;
}

static double number(const char *text, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= most))
        errx(ENDED_USAGE, "'%s' is not a number of 0 to %g", text, most);
    return value;
}

static int write_command(int argc, char **argv)
{
    enum { UUID, BLOCKS, FIRST, DEPTH, LANES, READERS, RATE, BURSTS, FLUSH, FUA, SECONDS, SEED };
    static const struct option known[] = {
        {"uuid", required_argument, NULL, UUID},         {"blocks", required_argument, NULL, BLOCKS},
        {"first", required_argument, NULL, FIRST},       {"depth", required_argument, NULL, DEPTH},
        {"lanes", required_argument, NULL, LANES},       {"readers", required_argument, NULL, READERS},
        {"rate", required_argument, NULL, RATE},         {"flush-every", required_argument, NULL, FLUSH},
        {"fua-share", required_argument, NULL, FUA},     {"seconds", required_argument, NULL, SECONDS},
        {"seed", required_argument, NULL, SEED},         {"bursts", no_argument, NULL, BURSTS},
        {NULL, 0, NULL, 0},
    };
    struct write_options options = {.depth = 32, .lanes = 2};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        switch (option) {
        case UUID:
            options.has_uuid = uuid_parse(optarg, options.uuid);
            if (!options.has_uuid)
                errx(ENDED_USAGE, "'%s' is not a UUID", optarg);
            break;
        case BLOCKS: options.blocks = whole_number(optarg, 1u << 28); break;
        case FIRST: options.first = whole_number(optarg, UINT64_C(1) << 50); break;
        case DEPTH: options.depth = (unsigned)whole_number(optarg, 4096); break;
        case LANES: options.lanes = (unsigned)whole_number(optarg, 64); break;
        case READERS: options.readers = (unsigned)whole_number(optarg, 4096); break;
        case RATE: options.rate = number(optarg, 1e9); break;
        case BURSTS: options.bursts = true; break;
        case FLUSH: options.flush_every = (unsigned)whole_number(optarg, 1u << 30); break;
        case FUA: options.fua_share = number(optarg, 1); break;
        case SECONDS: options.seconds = number(optarg, 1e8); break;
        case SEED:
            options.seed = whole_number(optarg, UINT64_MAX);
            options.has_seed = true;
            break;
        default: usage();
        }
    }
    if (argc - optind != 2 || !options.depth || !options.lanes)
        usage();
    options.device = argv[optind];
    options.log = argv[optind + 1];
    return stamped_write(&options);
}

static int check_command(int argc, char **argv)
{
    static const struct option known[] = {{"durable-only", no_argument, NULL, 1}, {NULL, 0, NULL, 0}};
    bool durable_only = false;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (option != 1)
            usage();
        durable_only = true;
    }
    if (argc - optind != 2)
        usage();
    return stamped_check(argv[optind], argv[optind + 1], durable_only);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        usage();
    const char *command = argv[1];
    if (!strcmp(command, "write"))
        return write_command(argc - 1, argv + 1);
    if (!strcmp(command, "check"))
        return check_command(argc - 1, argv + 1);
    if (!strcmp(command, "show") && argc == 4)
        return stamped_show(argv[2], whole_number(argv[3], UINT64_C(1) << 50));
    if (!strcmp(command, "log") && argc == 3)
        return stamped_log(argv[2]);
    usage();
}
