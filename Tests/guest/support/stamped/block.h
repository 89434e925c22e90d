// One stamped block: 4 KiB that tell whose they are, where they belong and which write they come from, and whose
// every byte follows from that, so that a block of two writes is seen.
#ifndef STAMPED_BLOCK_H
#define STAMPED_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_BYTES 4096u
#define FILL_WORDS ((BLOCK_BYTES - 56u) / 8u)

struct block {
    char magic[8];
    uint8_t uuid[16];    // of the device
    uint64_t number;     // in units of 4 KiB, from the beginning of the device
    uint64_t sequence;   // of the write: counted from 1 over all blocks and runs of the writer
    uint64_t generation; // the run of the writer
    uint64_t checksum;   // over the whole block, with this word 0
    uint64_t fill[FILL_WORDS];
};
_Static_assert(sizeof(struct block) == BLOCK_BYTES, "a block is 4 KiB");

// Sets every byte of the block.
void block_stamp(struct block *block, const uint8_t uuid[16], uint64_t number, uint64_t sequence, uint64_t generation);

// All bytes are zero: never written, or discarded.
bool block_is_blank(const struct block *block);

// It begins like a stamped block, whatever follows.
bool block_has_magic(const struct block *block);

// The checksum holds: it is one write, whole.
bool block_is_whole(const struct block *block);

// A random number generator and a mixer in one: the next value of the state.
uint64_t mix(uint64_t *state);

// "0123abcd-…" of a uuid; `text` has room for 37 bytes.
void uuid_text(const uint8_t uuid[16], char *text);

// 32 hexadecimal digits, dashes between them or not. False: it is no such thing.
bool uuid_parse(const char *text, uint8_t uuid[16]);

#endif
