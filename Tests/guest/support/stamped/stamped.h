// The parts of the program `stamped`.
#ifndef STAMPED_H
#define STAMPED_H

#include "book.h"

struct write_options {
    const char *device, *log;
    uint8_t uuid[16];
    bool has_uuid;
    uint64_t blocks, first; // region, in blocks of 4 KiB; blocks 0: to the end of the device
    unsigned depth;         // writes in flight
    unsigned readers;       // reads in flight
    unsigned lanes;         // threads, each with its ring and on its CPU
    unsigned flush_every;   // a FLUSH after so many acknowledged writes; 0: none
    double fua_share;       // of the writes, 0–1
    double seconds;         // 0: until SIGTERM
    double rate;            // writes a second at most, and as many reads; 0: no limit
    bool bursts;            // `rate` as bursts of everything that may be in flight
    uint64_t seed;
    bool has_seed;
};

// Exit statuses.
enum { ENDED_WELL = 0, ENDED_FAULTY = 1, ENDED_USAGE = 2, ENDED_UNABLE = 3 };

int stamped_write(const struct write_options *options);
int stamped_check(const char *device, const char *log, bool durable_only);
int stamped_show(const char *device, uint64_t number);
int stamped_log(const char *log);

// Opens a block device or file with O_DIRECT, or without where it has none. -1: that was printed.
int device_open(const char *path, int flags);

// Its size in blocks of 4 KiB; 0 if it has none.
uint64_t device_blocks(int fd);

#endif
