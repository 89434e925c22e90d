// The book: what was written to a device and what of it must be there. The writer keeps it while it writes and
// puts each change into the log; the checker makes it again out of the log.
#ifndef STAMPED_BOOK_H
#define STAMPED_BOOK_H

#include "block.h"

#include <stddef.h>

enum record_kind {
    RECORD_UUID = 1, // first, second: the uuid
    RECORD_START,    // a run of the writer begins. first: number of its first block, second: count of blocks
    RECORD_ISSUED,   // before the write is sent. first: block, second: sequence
    RECORD_ACKED,    // its answer came, and was good. first: block, second: sequence
    RECORD_FAILED,   // its answer was an error. first: block, second: sequence
    RECORD_FLUSHED,  // a FLUSH was answered. first: so many RECORD_ACKED, from the beginning of the log, were there
                     // when it was sent: those writes are durable; second: the highest sequence among them
    RECORD_END,      // the writer ended by itself, with nothing in flight
};

#define RECORD_FUA 1u // flag of RECORD_ACKED: durable by its answer

// The log is a row of these. It may end in the middle of one: it does if its writer was killed.
struct record {
    uint8_t kind;
    uint8_t flags;
    uint16_t zero;
    uint32_t generation;
    uint64_t first, second;
    uint64_t time; // CLOCK_MONOTONIC, ns
    uint64_t check;
};
_Static_assert(sizeof(struct record) == 40, "records have 40 bytes");

struct book {
    bool named, begun;
    uint8_t uuid[16];
    uint64_t first, blocks; // the region, in blocks of the device
    uint32_t generation;    // of the last run
    uint64_t issued;        // sequences 1…issued were issued
    uint64_t acks, failures, flushes, fuas;
    uint64_t flushed; // so many of the acks are covered by a FLUSH
    bool ended;

    // by sequence (sequence 0 is none)
    uint32_t *block_of; // counted from the first block of the region
    uint32_t *generation_of;
    // by order of acknowledgement
    uint64_t *acked_order;
    uint64_t highest_acked;
    size_t room;
    // by block of the region
    uint64_t *acked;   // the last acknowledged sequence
    uint64_t *durable; // the last one that a FLUSH or FUA covers
};

// How a record changes the book. False: such a record cannot come here (`why` says it).
bool book_apply(struct book *book, const struct record *record, const char **why);

// Reads a whole log. False: it is not there, or is no log; that was printed. A record cut off at the end is no
// fault; `*cut` tells of it.
bool book_load(struct book *book, const char *path, bool *cut);

// What is wrong with a block.
enum fault {
    FAULT_NONE,
    FAULT_LOST,       // blank, though a write to it was acknowledged
    FAULT_OLDER,      // an earlier write than the last acknowledged one
    FAULT_TORN,       // not one whole write
    FAULT_FOREIGN,    // a block of another device
    FAULT_MISPLACED,  // another block of this device
    FAULT_UNISSUED,   // a write that the log does not know for this block
    FAULT_UNSTAMPED,  // something else altogether
    FAULT_UNREADABLE, // an I/O error
    FAULT_KINDS
};
extern const char *const fault_names[FAULT_KINDS];

// Judges what a block of the region holds: a write that was issued, at least `least`, or blank if `least` is 0.
enum fault book_judge(const struct book *book, uint32_t block, uint64_t least, const struct block *found);

// One line: the block, what was found and what was expected.
void fault_line(char *line, size_t size, const struct book *book, uint32_t block, uint64_t least, enum fault fault,
                const struct block *found);

// How many of each, as " faults=N lost=N …".
void fault_counts(char *line, size_t size, const uint64_t counts[FAULT_KINDS]);

// The checksum of a record.
uint64_t record_check(const struct record *record);

#endif
