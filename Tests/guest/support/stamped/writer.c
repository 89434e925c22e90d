#include "writer.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_FAULTS 20u

uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

// ---- the log ------------------------------------------------------------------------------------------------

void log_commit(struct writer *writer)
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

void log_add(struct writer *writer, enum record_kind kind, uint8_t flags, uint64_t first, uint64_t second)
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

// ---- answers ------------------------------------------------------------------------------------------------

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

void take_answer(struct writer *writer, struct slot *slot, int result)
{
    uint64_t waited = now() - slot->sent;
    if (waited > writer->longest)
        writer->longest = waited;
    switch (slot->activity) {
    case WRITING: write_answered(writer, slot, result); break;
    case READING: read_answered(writer, slot, result); break;
    case FLUSHING: flush_answered(writer, slot, result); break;
    case IDLE: errx(ENDED_UNABLE, "an answer to nothing");
    }
    slot->activity = IDLE;
}

// ---- what is sent next --------------------------------------------------------------------------------------

static double fraction(struct writer *writer) { return (double)(mix(&writer->random) >> 11) / (double)(UINT64_C(1) << 53); }

bool choose_write(struct writer *writer, struct slot *slot)
{
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

void choose_read(struct writer *writer, struct slot *slot)
{
    uint64_t random = mix(&writer->random), fresh = writer->recent_count < RECENT ? writer->recent_count : RECENT;
    // Half of the reads go where a write was answered lately: there a late one of a dead worker would land
    uint32_t block = fresh && (random & 1) ? writer->recent[(random >> 1) % fresh]
                                           : (uint32_t)((random >> 1) % writer->book.blocks);
    *slot = (struct slot){.activity = READING, .block = block, .least = writer->book.acked[block], .buffer = slot->buffer,
                          .disturbed = writer->live[block].issues, .busy = writer->live[block].writing};
}

bool flush_is_due(const struct writer *writer)
{
    unsigned every = writer->options->flush_every;
    return every && !writer->flush_runs && writer->book.acks - writer->acks_at_flush >= every;
}

void choose_flush(struct writer *writer, struct slot *slot)
{
    writer->flush_runs = true;
    writer->acks_at_flush = writer->book.acks;
    *slot = (struct slot){.activity = FLUSHING, .covered = writer->book.acks, .sequence = writer->book.highest_acked};
}
