// What a queue thread writes into its block of the status page. Inline and without a locked instruction: it
// is the block's only writer.
#ifndef CUBLK_METER_H
#define CUBLK_METER_H

#include "abi.h"
#include "status_page.h"

static inline void cu_meter_done(struct cu_queue_status *q, uint32_t op, uint64_t bytes) {
    switch (op) {
    case CU_OP_READ:
        cu_add64(&q->reads, 1);
        cu_add64(&q->read_bytes, bytes);
        break;
    case CU_OP_WRITE:
        cu_add64(&q->writes, 1);
        cu_add64(&q->write_bytes, bytes);
        break;
    case CU_OP_FLUSH: cu_add64(&q->flushes, 1); break;
    default: cu_add64(&q->others, 1); break;
    }
}

// A request in one word; never 0. A FLUSH has no place.
static inline uint64_t cu_request_word(uint32_t op, uint64_t sector) {
    return 1ull << 63 | (op == CU_OP_FLUSH ? 0 : sector << 8 & ~(1ull << 63)) | (op & 0xff);
}
static inline void cu_meter_begin(uint64_t *words, uint32_t tag, uint32_t op, uint64_t sector) {
    cu_store64(words + tag, cu_request_word(op, sector));
}
static inline void cu_meter_end(uint64_t *words, uint32_t tag) { cu_store64(words + tag, 0); }

// The record is written before the count that publishes it.
static inline void cu_meter_error(struct cu_queue_status *q, uint64_t now, uint32_t op, uint64_t sector,
                                  uint32_t sectors, uint32_t tag, int32_t result) {
    uint64_t n = cu_load64(&q->errors);
    struct cu_error_record *r = &q->error[n % CU_ERROR_RECORDS];
    cu_store64(&r->at_ns, now);
    cu_store64(&r->sector, sector);
    cu_store32(&r->op, op);
    cu_store_i32(&r->result, result);
    cu_store32(&r->tag, tag);
    cu_store32(&r->sectors, sectors);
    __atomic_store_n(&q->errors, n + 1, __ATOMIC_RELEASE);
}

static inline void cu_meter_inflight(struct cu_queue_status *q, uint32_t n) { cu_store32(&q->inflight, n); }
static inline void cu_meter_progress(struct cu_queue_status *q, uint64_t now) {
    cu_store64(&q->last_progress_ns, now);
}
static inline void cu_meter_state(struct cu_queue_status *q, uint32_t state) { cu_store32(&q->state, state); }
static inline void cu_meter_answer(struct cu_queue_status *q) {
    cu_store64(&q->probe_answered, cu_load64(&q->probe_asked));
}

// `moment`: the first request of this queue was answered; of the worker, if no other queue was earlier.
static inline void cu_meter_first(struct cu_status_header *h, struct cu_queue_status *q, uint64_t moment) {
    cu_store64(&q->first_io_ns, moment);
    if (cu_load64(&h->first_io_ns) == 0) cu_store64(&h->first_io_ns, moment);
}

#endif
