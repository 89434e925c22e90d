// A lane of the writer: a thread with a ring, on a CPU of its own, so that every queue of the device has work.
#ifndef STAMPED_LANE_H
#define STAMPED_LANE_H

#include "writer.h"

#include <liburing.h>

struct lane {
    struct writer *writer;
    pthread_t thread;
    unsigned index, writes, reads; // so many in flight at most
    struct io_uring ring;
    struct slot *slots; // the writes', then the reads', then one for a FLUSH
    unsigned count, in_flight;
    double write_credit, read_credit; // so many may be sent now
    bool write_pause, read_pause;     // of bursts: until there is credit for all
    uint64_t credited, last_answer;   // ns
};

// Makes lane `index` of a writer ready to run, with its share of the depth.
void lane_prepare(struct lane *lane, struct writer *writer, unsigned index);

// The body of its thread: until the writer is told to stop and nothing is in flight. Takes the lane, gives NULL.
void *lane_run(void *lane);

#endif
