// The status page: a sealed memfd that ublkd makes for each device and that outlives worker and ublkd. The
// worker writes it, each queue block by one thread; ublkd reads it without asking anybody. A torn pair of
// counters is harmless, so every access is a relaxed load or store of one word.
#ifndef CUBLK_STATUS_PAGE_H
#define CUBLK_STATUS_PAGE_H

#include <stdint.h>

#define CU_STATUS_MAGIC 0x7375746154644255ull
#define CU_STATUS_VERSION 3u
#define CU_STATUS_BLOCK 4096u // bytes of the header, and of every queue's counters, which its requests follow
#define CU_ERROR_RECORDS 16u

enum cu_queue_state {
    CU_QUEUE_ABSENT = 0,  // no worker
    CU_QUEUE_PREPARED = 1,
    CU_QUEUE_SERVING = 2,
    CU_QUEUE_ENDED = 3,   // every slot was aborted by the driver, or the thread left
    CU_QUEUE_RECOVERING = 4,
    CU_QUEUE_FAILED = 5,
};

struct cu_status_header {
    uint64_t magic;
    uint32_t version;
    uint32_t queues;
    uint32_t generation;  // attached workers so far
    int32_t worker_pid;
    uint64_t fetched_ns;  // CLOCK_MONOTONIC: every slot of every queue of this worker fetched
    uint64_t first_io_ns; // first request completed by this worker
    uint64_t size;        // bytes of the device; only ever grows, by whoever learns of it first
    uint32_t depth;       // tags of a queue
    int32_t lost;         // -errno of a FLUSH that told of lost data: no later one of this disk may succeed; 0: none
    uint64_t backend_end; // bytes: a read met the end of the open backend there, so it was cut off; else UINT64_MAX
};

// One failed request, newest at (errors - 1) % CU_ERROR_RECORDS.
struct cu_error_record {
    uint64_t at_ns;
    uint64_t sector;
    uint32_t op;
    int32_t result;
    uint32_t tag;
    uint32_t sectors;
};

struct cu_queue_status {
    uint32_t index;
    uint32_t state; // cu_queue_state
    int32_t tid;
    uint32_t inflight; // requests delivered and not committed
    uint64_t reads, writes, flushes, others; // completed requests
    uint64_t read_bytes, write_bytes;
    uint64_t errors;
    uint64_t recoveries;       // queue recoveries in place
    uint64_t last_progress_ns; // last completion, CLOCK_MONOTONIC
    uint64_t fetched_ns;
    uint64_t first_io_ns;
    uint64_t probe_asked;      // written by the worker's main thread
    uint64_t probe_answered;   // written by the queue thread: its loop is alive
    struct cu_error_record error[CU_ERROR_RECORDS];
};

// Bytes from one queue to the next: its counters, then a word for each tag, the request that is with the worker
// (cu_request_word) or 0. Who reads it after the worker's death knows what it died with.
static inline uint64_t cu_status_stride(uint32_t depth) {
    uint64_t words = (uint64_t)depth * 8;
    return CU_STATUS_BLOCK + (words + CU_STATUS_BLOCK - 1) / CU_STATUS_BLOCK * CU_STATUS_BLOCK;
}
static inline uint64_t cu_status_bytes(uint32_t queues, uint32_t depth) {
    return CU_STATUS_BLOCK + queues * cu_status_stride(depth);
}
static inline uint64_t *cu_request_words(struct cu_queue_status *q) {
    return (uint64_t *)(void *)((char *)q + CU_STATUS_BLOCK);
}

_Static_assert(sizeof(struct cu_status_header) <= CU_STATUS_BLOCK, "status header");
_Static_assert(sizeof(struct cu_queue_status) <= CU_STATUS_BLOCK, "queue status");

static inline int32_t *cu_lost(struct cu_status_header *h) { return &h->lost; }
static inline uint64_t *cu_backend_end(struct cu_status_header *h) { return &h->backend_end; }

static inline uint64_t cu_load64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void cu_store64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline uint32_t cu_load32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void cu_store32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline int32_t cu_load_i32(const int32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void cu_store_i32(int32_t *p, int32_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
// The single writer's increment: no locked instruction.
static inline void cu_add64(uint64_t *p, uint64_t v) { cu_store64(p, cu_load64(p) + v); }

#endif
