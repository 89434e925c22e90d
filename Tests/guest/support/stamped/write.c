// The writer. Each of its lanes is a thread with a ring, on a CPU of its own, so that every queue of the device
// has work; the book and the log are one, under one lock. A write goes: choose a block with no write in flight,
// put it into the log as issued, send it; its answer is put into the log before anything else is sent. Readers
// compare what they read with what the book said when the read was sent: that no earlier write comes back.
#include "stamped.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

#define SHOWN_FAULTS 20u
#define RECENT 256u
#define BUFFERED_RECORDS 512u
#define SECOND UINT64_C(1000000000)
#define SILENCE (30 * SECOND) // after so long without an answer it is said what is waited for

enum activity { IDLE, WRITING, READING, FLUSHING };

struct slot {
    enum activity activity;
    uint32_t block;
    uint64_t sequence; // of a write
    bool fua;
    uint64_t least;    // of a read: what was acknowledged when it was sent
    uint64_t disturbed; // of a read: how many writes to the block were issued by then
    bool busy;         // of a read: a write to the block was in flight by then
    uint64_t covered;  // of a FLUSH
    uint64_t sent;
    struct block *buffer;
};

// What the book does not know of a block: is a write in flight, and how many were issued.
struct live {
    bool writing;
    uint64_t issues;
};

struct writer {
    const struct write_options *options;
    int device, log;
    atomic_bool stop;
    pthread_mutex_t lock; // of everything below
    struct book book;
    struct live *live;
    struct record records[BUFFERED_RECORDS];
    unsigned filled;
    bool flush_runs;
    uint64_t acks_at_flush;
    uint32_t recent[RECENT];
    uint64_t recent_count;
    uint64_t writes, reads, flushes, overlapped, errors, longest;
    uint64_t faults[FAULT_KINDS], shown;
    uint64_t random;
};

struct lane {
    struct writer *writer;
    pthread_t thread;
    unsigned index, writes, reads;
    struct io_uring ring;
    struct slot *slots; // the writes', then the reads', then one for a FLUSH
    unsigned count, in_flight;
    double write_credit, read_credit;
    uint64_t credited, last_answer;
    bool ended;
};

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static double fraction(struct writer *writer) { return (double)(mix(&writer->random) >> 11) / (double)(UINT64_C(1) << 53); }

// ---- the log, under the lock ----------------------------------------------------------------------------

// Whatever cannot be logged must not be written: the program ends.
static void log_commit(struct writer *writer)
{
    const char *from = (const char *)writer->records;
    size_t left = writer->filled * sizeof *writer->records;
    while (left) {
        ssize_t done = write(writer->log, from, left);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            warn("%s", writer->options->log);
            _exit(ENDED_UNABLE);
        }
        from += done;
        left -= (size_t)done;
    }
    writer->filled = 0;
}

static void log_add(struct writer *writer, enum record_kind kind, uint8_t flags, uint64_t first, uint64_t second)
{
    const char *why;
    struct record record = {.kind = (uint8_t)kind, .flags = flags, .generation = writer->book.generation,
                            .first = first, .second = second, .time = now()};
    if (kind == RECORD_START)
        record.generation++;
    record.check = record_check(&record);
    if (!book_apply(&writer->book, &record, &why))
        errx(ENDED_UNABLE, "the log of this run does not follow from what it holds: %s", why);
    if (writer->filled == BUFFERED_RECORDS)
        log_commit(writer);
    writer->records[writer->filled++] = record;
}

// ---- answers, under the lock ------------------------------------------------------------------------------

static void count_error(struct writer *writer, const char *what, uint32_t block, int result)
{
    if (writer->errors++ < SHOWN_FAULTS)
        warnx("%s of block %" PRIu64 ": %s", what, writer->book.first + block,
              result < 0 ? strerror(-result) : "only a part of it was done");
}

static void write_answered(struct writer *writer, const struct slot *slot, int result)
{
    uint64_t number = writer->book.first + slot->block;
    writer->live[slot->block].writing = false;
    if (result != (int)BLOCK_BYTES) {
        count_error(writer, "write", slot->block, result);
        log_add(writer, RECORD_FAILED, 0, number, slot->sequence);
        return;
    }
    log_add(writer, RECORD_ACKED, slot->fua ? RECORD_FUA : 0, number, slot->sequence);
    writer->writes++;
    writer->recent[writer->recent_count++ % RECENT] = slot->block;
}

static void read_answered(struct writer *writer, const struct slot *slot, int result)
{
    const struct live *live = &writer->live[slot->block];
    enum fault fault;
    if (result != (int)BLOCK_BYTES) {
        count_error(writer, "read", slot->block, result);
        return;
    }
    writer->reads++;
    fault = book_judge(&writer->book, slot->block, slot->least, slot->buffer);
    if (slot->busy || live->writing || live->issues != slot->disturbed) {
        writer->overlapped++;
        // A read beside a write may see a part of it, anything else is wrong even then
        if (fault == FAULT_TORN)
            return;
    }
    if (fault == FAULT_NONE)
        return;
    writer->faults[fault]++;
    if (writer->shown++ < SHOWN_FAULTS) {
        char line[320];
        fault_line(line, sizeof line, &writer->book, slot->block, slot->least, fault, slot->buffer);
        warnx("read at %.3f s: %s", (double)now() / 1e9, line);
    }
}

static void flush_answered(struct writer *writer, const struct slot *slot, int result)
{
    writer->flush_runs = false;
    if (result < 0) {
        writer->errors++;
        warnx("FLUSH: %s", strerror(-result));
        return;
    }
    log_add(writer, RECORD_FLUSHED, 0, slot->covered, slot->sequence);
    writer->flushes++;
}

static void take_answers(struct lane *lane)
{
    struct writer *writer = lane->writer;
    struct io_uring_cqe *cqe;
    uint64_t time = now();
    while (!io_uring_peek_cqe(&lane->ring, &cqe)) {
        struct slot *slot = &lane->slots[cqe->user_data];
        int result = cqe->res;
        io_uring_cqe_seen(&lane->ring, cqe);
        lane->in_flight--;
        lane->last_answer = time;
        if (time - slot->sent > writer->longest)
            writer->longest = time - slot->sent;
        switch (slot->activity) {
        case WRITING: write_answered(writer, slot, result); break;
        case READING: read_answered(writer, slot, result); break;
        case FLUSHING: flush_answered(writer, slot, result); break;
        case IDLE: errx(ENDED_UNABLE, "an answer to nothing");
        }
        slot->activity = IDLE;
    }
}

// ---- what is sent next, under the lock --------------------------------------------------------------------

static bool choose_write(struct lane *lane, struct slot *slot)
{
    struct writer *writer = lane->writer;
    struct book *book = &writer->book;
    for (int attempt = 0; attempt < 16; attempt++) {
        uint32_t block = (uint32_t)(mix(&writer->random) % book->blocks);
        struct live *live = &writer->live[block];
        if (live->writing)
            continue;
        live->writing = true;
        live->issues++;
        *slot = (struct slot){.activity = WRITING, .block = block, .sequence = book->issued + 1, .buffer = slot->buffer,
                              .fua = fraction(writer) < writer->options->fua_share};
        log_add(writer, RECORD_ISSUED, 0, book->first + block, slot->sequence);
        return true;
    }
    return false;
}

static void choose_read(struct lane *lane, struct slot *slot)
{
    struct writer *writer = lane->writer;
    uint64_t random = mix(&writer->random), fresh = writer->recent_count < RECENT ? writer->recent_count : RECENT;
    // Half of the reads go where a write was answered lately: there a late one of a dead worker would land
    uint32_t block = fresh && (random & 1) ? writer->recent[(random >> 1) % fresh]
                                           : (uint32_t)((random >> 1) % writer->book.blocks);
    *slot = (struct slot){.activity = READING, .block = block, .least = writer->book.acked[block], .buffer = slot->buffer,
                          .disturbed = writer->live[block].issues, .busy = writer->live[block].writing};
}

static bool flush_is_due(const struct writer *writer)
{
    unsigned every = writer->options->flush_every;
    return every && !writer->flush_runs && writer->book.acks - writer->acks_at_flush >= every;
}

static void choose_flush(struct writer *writer, struct slot *slot)
{
    writer->flush_runs = true;
    writer->acks_at_flush = writer->book.acks;
    *slot = (struct slot){.activity = FLUSHING, .covered = writer->book.acks, .sequence = writer->book.highest_acked};
}

// ---- a lane -------------------------------------------------------------------------------------------------

// Credit for the time that passed, never more than is in flight at once: a pause is not made up for.
static void take_credit(struct lane *lane, uint64_t time)
{
    double share = lane->writer->options->rate / lane->writer->options->lanes;
    double earned = (double)(time - lane->credited) / 1e9 * share;
    lane->credited = time;
    if (share <= 0) {
        lane->write_credit = lane->writes;
        lane->read_credit = lane->reads;
        return;
    }
    lane->write_credit = fmin(lane->write_credit + earned, lane->writes);
    lane->read_credit = fmin(lane->read_credit + earned, lane->reads);
}

// How long to wait for an answer, in ns: no longer than until there is credit for one more.
static long patience(const struct lane *lane, bool stopping)
{
    double share = lane->writer->options->rate / lane->writer->options->lanes, seconds = 0.1;
    if (stopping || share <= 0)
        return 100000000;
    if (lane->writes && lane->write_credit < 1)
        seconds = fmin(seconds, (1 - lane->write_credit) / share);
    if (lane->reads && lane->read_credit < 1)
        seconds = fmin(seconds, (1 - lane->read_credit) / share);
    return (long)(fmax(seconds, 0.001) * 1e9);
}

static void send_slot(struct lane *lane, struct slot *slot)
{
    struct writer *writer = lane->writer;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&lane->ring);
    uint64_t number = writer->book.first + slot->block;
    if (!sqe)
        errx(ENDED_UNABLE, "the ring is full");
    switch (slot->activity) {
    case WRITING:
        block_stamp(slot->buffer, writer->book.uuid, number, slot->sequence, writer->book.generation);
        io_uring_prep_write(sqe, writer->device, slot->buffer, BLOCK_BYTES, number * BLOCK_BYTES);
        sqe->rw_flags = slot->fua ? RWF_DSYNC : 0;
        break;
    case READING: io_uring_prep_read(sqe, writer->device, slot->buffer, BLOCK_BYTES, number * BLOCK_BYTES); break;
    default: io_uring_prep_fsync(sqe, writer->device, 0); break;
    }
    sqe->user_data = (uint64_t)(slot - lane->slots);
    slot->sent = now();
    lane->in_flight++;
}

// Chooses and sends whatever may be sent now.
static void send_next(struct lane *lane, bool stopping)
{
    struct writer *writer = lane->writer;
    struct slot *chosen[lane->count];
    unsigned count = 0;
    pthread_mutex_lock(&writer->lock);
    take_answers(lane);
    for (unsigned index = 0; index < lane->count && !stopping; index++) {
        struct slot *slot = &lane->slots[index];
        if (slot->activity != IDLE)
            continue;
        if (index < lane->writes) {
            if (lane->write_credit < 1 || !choose_write(lane, slot))
                continue;
            lane->write_credit--;
        } else if (index < lane->writes + lane->reads) {
            if (lane->read_credit < 1)
                continue;
            lane->read_credit--;
            choose_read(lane, slot);
        } else if (flush_is_due(writer)) {
            choose_flush(writer, slot);
        } else {
            continue;
        }
        chosen[count++] = slot;
    }
    log_commit(writer);
    pthread_mutex_unlock(&writer->lock);
    for (unsigned index = 0; index < count; index++)
        send_slot(lane, chosen[index]);
    if (count) {
        int result = io_uring_submit(&lane->ring);
        if (result < 0)
            errx(ENDED_UNABLE, "submit: %s", strerror(-result));
    }
}

static void tell_silence(struct lane *lane)
{
    uint64_t time = now();
    if (!lane->in_flight || time - lane->last_answer < SILENCE)
        return;
    lane->last_answer = time;
    for (unsigned index = 0; index < lane->count; index++) {
        const struct slot *slot = &lane->slots[index];
        if (slot->activity != IDLE && time - slot->sent >= SILENCE)
            warnx("no answer for %.0f s to %s of block %" PRIu64 ", sequence %" PRIu64, (double)(time - slot->sent) / 1e9,
                  slot->activity == WRITING ? "the write" : slot->activity == READING ? "a read" : "a FLUSH",
                  lane->writer->book.first + slot->block, slot->sequence);
    }
}

static void *run_lane(void *argument)
{
    struct lane *lane = argument;
    struct writer *writer = lane->writer;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(lane->index % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one); // fewer CPUs than online: anywhere
    lane->credited = lane->last_answer = now();
    for (;;) {
        bool stopping = atomic_load(&writer->stop);
        struct io_uring_cqe *cqe;
        take_credit(lane, now());
        send_next(lane, stopping);
        if (stopping && !lane->in_flight)
            return NULL;
        struct __kernel_timespec wait = {.tv_nsec = patience(lane, stopping)};
        int result = io_uring_wait_cqe_timeout(&lane->ring, &cqe, &wait);
        if (result < 0 && result != -ETIME && result != -EINTR)
            errx(ENDED_UNABLE, "waiting for an answer: %s", strerror(-result));
        tell_silence(lane);
    }
}

static void prepare_lane(struct lane *lane, struct writer *writer, unsigned index)
{
    const struct write_options *options = writer->options;
    // What does not divide goes to the first lanes
    lane->writer = writer;
    lane->index = index;
    lane->writes = options->depth / options->lanes + (index < options->depth % options->lanes);
    lane->reads = options->readers / options->lanes + (index < options->readers % options->lanes);
    lane->count = lane->writes + lane->reads + 1;
    lane->slots = calloc(lane->count, sizeof *lane->slots);
    struct block *buffers = aligned_alloc(BLOCK_BYTES, (size_t)lane->count * BLOCK_BYTES);
    if (!lane->slots || !buffers)
        err(ENDED_UNABLE, "memory");
    for (unsigned slot = 0; slot < lane->count; slot++)
        lane->slots[slot].buffer = &buffers[slot];
    int result = io_uring_queue_init(lane->count, &lane->ring, 0);
    if (result)
        errx(ENDED_UNABLE, "io_uring: %s", strerror(-result));
}

// ---- a run --------------------------------------------------------------------------------------------------

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
    flush_answered(writer, &slot, fsync(writer->device) ? -errno : 0);
}

static void run_lanes(struct writer *writer, struct lane *lanes, const sigset_t *ends)
{
    const struct write_options *options = writer->options;
    struct timespec limit = {.tv_sec = (time_t)options->seconds,
                             .tv_nsec = (long)((options->seconds - (double)(time_t)options->seconds) * 1e9)};
    for (unsigned index = 0; index < options->lanes; index++)
        if (pthread_create(&lanes[index].thread, NULL, run_lane, &lanes[index]))
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
        prepare_lane(&lanes[index], &writer, index);
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
