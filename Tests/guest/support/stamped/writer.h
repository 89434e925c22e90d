// A run of the writer, as its lanes share it: the book, the log, and what to do next. A write goes: choose a block with
// no write in flight, put it into the log as issued, send it; its answer is put into the log before anything else is
// sent. Readers compare what they read with what the book said when the read was sent: that no earlier write comes back.
#ifndef STAMPED_WRITER_H
#define STAMPED_WRITER_H

#include "stamped.h"

#include <pthread.h>
#include <stdatomic.h>

#define SECOND UINT64_C(1000000000)
#define RECENT 256u
#define BUFFERED_RECORDS 512u

enum activity { IDLE, WRITING, READING, FLUSHING };

// One request, in flight or about to be.
struct slot {
    enum activity activity;
    uint32_t block;
    uint64_t sequence;  // of a write
    bool fua;
    uint64_t least;     // of a read: what was acknowledged when it was chosen
    uint64_t disturbed; // of a read: how many writes to the block were issued by then
    bool busy;          // of a read: a write to the block was in flight by then
    uint64_t covered;   // of a FLUSH
    uint64_t sent;      // ns
    struct block *buffer;
};

// What the book does not know of a block: is a write in flight, and how many were issued in this run.
struct live {
    bool writing;
    uint64_t issues;
};

struct writer {
    const struct write_options *options;
    int device, log;
    atomic_bool stop;
    pthread_mutex_t lock; // of everything below, while lanes run
    struct book book;
    struct live *live;
    struct record records[BUFFERED_RECORDS]; // not yet in the log
    unsigned filled;
    bool flush_runs;
    uint64_t acks_at_flush;
    uint32_t recent[RECENT]; // where writes were answered lately
    uint64_t recent_count;
    uint64_t writes, reads, flushes, overlapped, errors, longest;
    uint64_t faults[FAULT_KINDS], shown;
    uint64_t random;
};

// CLOCK_MONOTONIC, ns.
uint64_t now(void);

// Under the lock:

// Changes the book and notes it for the log.
void log_add(struct writer *writer, enum record_kind kind, uint8_t flags, uint64_t first, uint64_t second);

// What was noted goes into the log. What cannot be logged must not be written: a failure ends the program.
void log_commit(struct writer *writer);

// The answer to a slot's request; the slot is idle after it.
void take_answer(struct writer *writer, struct slot *slot, int result);

// Makes an idle slot into a write; false if no block without a write in flight was found.
bool choose_write(struct writer *writer, struct slot *slot);
void choose_read(struct writer *writer, struct slot *slot);
bool flush_is_due(const struct writer *writer);
void choose_flush(struct writer *writer, struct slot *slot);

#endif
