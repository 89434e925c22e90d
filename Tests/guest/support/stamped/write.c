// A run of the writer: opens the device and the log, runs the lanes, tells what came of it.
#include "lane.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// A log that is there already is gone on with: the same device, region and sequence, one more generation.
static bool open_log(struct writer *writer)
{
    const struct write_options *options = writer->options;
    struct stat there;
    bool cut = false;
    if (!stat(options->log, &there) && S_ISREG(there.st_mode) && there.st_size > 0) {
        if (!book_load(&writer->book, options->log, &cut))
            return false;
        if (cut && truncate(options->log, there.st_size / (off_t)sizeof(struct record) * (off_t)sizeof(struct record))) {
            warn("%s", options->log);
            return false;
        }
    }
    writer->log = open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (writer->log < 0) {
        warn("%s", options->log);
        return false;
    }
    return true;
}

static bool choose_region(struct writer *writer)
{
    const struct write_options *options = writer->options;
    const struct book *book = &writer->book;
    uint64_t all = device_blocks(writer->device), first = options->first, blocks = options->blocks;
    if (book->begun && !blocks) {
        first = book->first;
        blocks = book->blocks;
    }
    if (!blocks && all > first)
        blocks = all - first;
    if (!blocks || (all && (first > all || blocks > all - first))) {
        warnx("%s: blocks %" PRIu64 " to %" PRIu64 " are not all on it, it has %" PRIu64, options->device, first,
              first + blocks, all);
        return false;
    }
    if (book->begun && (first != book->first || blocks != book->blocks)) {
        warnx("%s is of another region: blocks %" PRIu64 " to %" PRIu64, options->log, book->first, book->first + book->blocks);
        return false;
    }
    if (options->has_uuid && book->named && memcmp(options->uuid, book->uuid, 16)) {
        warnx("%s is of another device", options->log);
        return false;
    }
    if (!book->named) {
        uint64_t words[2];
        memcpy(words, options->uuid, 16);
        for (int word = 0; word < 2 && !options->has_uuid; word++)
            words[word] = mix(&writer->random);
        log_add(writer, RECORD_UUID, 0, words[0], words[1]);
    }
    log_add(writer, RECORD_START, 0, first, blocks);
    log_commit(writer);
    writer->live = calloc(writer->book.blocks, sizeof *writer->live);
    if (!writer->live)
        err(ENDED_UNABLE, "memory");
    return true;
}

// A last FLUSH, so that everything of a run that ended by itself is durable.
static void flush_at_end(struct writer *writer)
{
    struct slot slot = {0};
    if (!writer->options->flush_every)
        return;
    choose_flush(writer, &slot);
    slot.sent = now();
    take_answer(writer, &slot, fsync(writer->device) ? -errno : 0);
}

static void run_lanes(struct writer *writer, struct lane *lanes, const sigset_t *ends)
{
    const struct write_options *options = writer->options;
    struct timespec limit = {.tv_sec = (time_t)options->seconds,
                             .tv_nsec = (long)((options->seconds - (double)(time_t)options->seconds) * 1e9)};
    for (unsigned index = 0; index < options->lanes; index++)
        if (pthread_create(&lanes[index].thread, NULL, lane_run, &lanes[index]))
            errx(ENDED_UNABLE, "thread");
    while (sigtimedwait(ends, NULL, options->seconds > 0 ? &limit : NULL) < 0 && errno == EINTR)
        ;
    atomic_store(&writer->stop, true);
    for (unsigned index = 0; index < options->lanes; index++)
        pthread_join(lanes[index].thread, NULL);
}

int stamped_write(const struct write_options *options)
{
    static struct writer writer = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct lane lanes[options->lanes];
    uint64_t seed = options->seed, bad;
    char uuid[37], counts[200];
    sigset_t ends;
    memset(lanes, 0, sizeof lanes);
    writer.options = options;
    if (!options->has_seed && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        err(ENDED_UNABLE, "getrandom");
    writer.random = seed;
    writer.device = device_open(options->device, O_RDWR);
    if (writer.device < 0 || !open_log(&writer) || !choose_region(&writer))
        return ENDED_UNABLE;
    // The lanes inherit the mask: only this thread hears of an end
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned index = 0; index < options->lanes; index++)
        lane_prepare(&lanes[index], &writer, index);
    uuid_text(writer.book.uuid, uuid);
    printf("stamped write: device=%s uuid=%s first=%" PRIu64 " blocks=%" PRIu64 " generation=%u seed=%" PRIu64 "\n",
           options->device, uuid, writer.book.first, writer.book.blocks, writer.book.generation, seed);
    fflush(stdout);

    run_lanes(&writer, lanes, &ends);
    flush_at_end(&writer);
    log_add(&writer, RECORD_END, 0, 0, 0);
    log_commit(&writer);

    fault_counts(counts, sizeof counts, writer.faults);
    bad = writer.errors;
    for (int kind = 1; kind < FAULT_KINDS; kind++)
        bad += writer.faults[kind];
    printf("stamped write: writes=%" PRIu64 " reads=%" PRIu64 " overlapped=%" PRIu64 " flushes=%" PRIu64
           " longest_ms=%.1f errors=%" PRIu64 "%s\n",
           writer.writes, writer.reads, writer.overlapped, writer.flushes, (double)writer.longest / 1e6, writer.errors,
           counts);
    return bad ? ENDED_FAULTY : ENDED_WELL;
}
