#include "lane.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SILENCE (30 * SECOND) // after so long without an answer it is said what is waited for

static void take_answers(struct lane *lane)
{
    struct io_uring_cqe *cqe;
    while (!io_uring_peek_cqe(&lane->ring, &cqe)) {
        struct slot *slot = &lane->slots[cqe->user_data];
        int result = cqe->res;
        io_uring_cqe_seen(&lane->ring, cqe);
        lane->in_flight--;
        lane->last_answer = now();
        take_answer(lane->writer, slot, result);
    }
}

// A burst ends with the credit, and the next begins when there is credit for all that may be in flight.
static bool pauses(bool pausing, double credit, unsigned most)
{
    return pausing ? credit < most : credit < 1;
}

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
    if (lane->writer->options->bursts) {
        lane->write_pause = pauses(lane->write_pause, lane->write_credit, lane->writes);
        lane->read_pause = pauses(lane->read_pause, lane->read_credit, lane->reads);
    }
}

// How long to wait for an answer, in ns: no longer than until there is credit for one more.
static long patience(const struct lane *lane, bool stopping)
{
    double share = lane->writer->options->rate / lane->writer->options->lanes, seconds = 0.1;
    if (stopping || share <= 0)
        return 100000000;
    double writes = lane->write_pause ? lane->writes : 1, reads = lane->read_pause ? lane->reads : 1;
    if (lane->writes && lane->write_credit < writes)
        seconds = fmin(seconds, (writes - lane->write_credit) / share);
    if (lane->reads && lane->read_credit < reads)
        seconds = fmin(seconds, (reads - lane->read_credit) / share);
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
            if (lane->write_pause || lane->write_credit < 1 || !choose_write(writer, slot))
                continue;
            lane->write_credit--;
        } else if (index < lane->writes + lane->reads) {
            if (lane->read_pause || lane->read_credit < 1)
                continue;
            lane->read_credit--;
            choose_read(writer, slot);
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

void *lane_run(void *argument)
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

void lane_prepare(struct lane *lane, struct writer *writer, unsigned index)
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
