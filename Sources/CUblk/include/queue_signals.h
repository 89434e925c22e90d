// What a queue thread and the worker's main thread tell each other, and the memory that the queue's own
// submissions point to. One a queue, at a fixed address for the life of the process. Who stores a word releases what it
// is about, who loads it acquires that: a thread may be woken by something else before it is told.
#ifndef CUBLK_QUEUE_SIGNALS_H
#define CUBLK_QUEUE_SIGNALS_H

#include <liburing.h>
#include <stdint.h>

#include "ring.h"
#include "status_page.h"
#include "worker_sys.h"

enum cu_queue_phase {
    CU_PHASE_STARTING = 0,
    CU_PHASE_READY = 1,   // no privilege left; the thread waits for the order to fetch
    CU_PHASE_FETCHED = 2, // every slot is fetched; serving
    CU_PHASE_ENDING = 3,  // the driver takes the slots back
    CU_PHASE_ENDED = 4,
    CU_PHASE_FAILED = 5,  // before it served; `error` says why
};

enum cu_queue_order {
    CU_ORDER_NONE = 0,
    CU_ORDER_RUN = 1, // the device is attached: drop the privileges, enable the ring
    CU_ORDER_FETCH = 2,
};

// What the main thread tells a queue thread to do about its backend; it is taken at the next wake-up.
enum cu_backend_order {
    CU_BACKEND_KEEP = 0,
    CU_BACKEND_REPLACE = 1, // cancel what is below, go on with this descriptor (-1: with the same), replay the requests
    CU_BACKEND_GIVE_UP = 2, // answer what waits with this -errno, go on as it is
};

// What a queue thread says of its backend; `repairs` counts each new word.
enum cu_queue_repair {
    CU_REPAIR_NONE = 0,
    CU_REPAIR_NEEDED = 1, // nothing goes below any more until an order comes; `repair_error` says why
    CU_REPAIR_DONE = 2,
    CU_REPAIR_FAILED = 3, // the ring did not take the new backend; `repair_error`
};

struct cu_queue_signals {
    uint32_t order;      // cu_queue_order, by the main thread
    uint32_t phase;      // cu_queue_phase, by the queue thread
    int32_t error;       // -errno, with CU_PHASE_FAILED
    uint32_t privileges; // with CU_PHASE_FAILED: not the driver refused, but the kernel the change of user
    uint32_t *ending;    // shared by the queues of the device: one of them saw an abort
    int wake;            // eventfd: main thread to queue
    int report;          // eventfd: queue to main thread
    uint64_t wake_value; // where the ring reads `wake` to
    struct __kernel_timespec grace;

    uint64_t backend_order; // cu_backend_order and in the low half its value, by the main thread, taken by the queue thread
    int32_t taken;          // descriptor of the last CU_BACKEND_REPLACE that was carried out, with CU_REPAIR_DONE and FAILED
    uint32_t repair;        // cu_queue_repair, by the queue thread
    uint32_t repairs;
    int32_t repair_error;   // -errno
    uint64_t request_limit_ns; // older requests below make the backend be built anew; 0: no limit
    struct __kernel_timespec tick;
    struct __kernel_timespec rest;
};

#define CU_REST_S 2           // without a request, until a queue gives its buffers back
#define CU_GRACE_NS 100000000 // for aborts still to come, once one came and nothing is in flight

static inline void cu_signal(struct cu_queue_signals *s, uint32_t phase, int32_t error) {
    cu_store_i32(&s->error, error);
    __atomic_store_n(&s->phase, phase, __ATOMIC_RELEASE);
    cu_eventfd_add(s->report);
}

static inline void cu_order(struct cu_queue_signals *s, uint32_t order) {
    __atomic_store_n(&s->order, order, __ATOMIC_RELEASE);
    cu_eventfd_add(s->wake);
}

static inline uint32_t cu_order_of(const struct cu_queue_signals *s) {
    return __atomic_load_n(&s->order, __ATOMIC_ACQUIRE);
}

// Waits for an order. Two that come close together are one count of the eventfd.
static inline void cu_await_order(struct cu_queue_signals *s, uint32_t order) {
    while (cu_order_of(s) < order) cu_eventfd_wait(s->wake);
}

// `value`: a descriptor, which stays open until it is known that the thread has taken it or a later one; or an -errno.
static inline void cu_order_backend(struct cu_queue_signals *s, uint32_t order, int32_t value) {
    __atomic_store_n(&s->backend_order, (uint64_t)order << 32 | (uint32_t)value, __ATOMIC_RELEASE);
    cu_eventfd_add(s->wake);
}

// The order that stands, its value in the low half; 0: none. An order is taken once.
static inline uint64_t cu_take_backend_order(struct cu_queue_signals *s) {
    if (cu_load64(&s->backend_order) == 0) return 0;
    return __atomic_exchange_n(&s->backend_order, 0, __ATOMIC_ACQUIRE);
}

static inline void cu_signal_repair(struct cu_queue_signals *s, uint32_t repair, int32_t error) {
    cu_store_i32(&s->repair_error, error);
    cu_store32(&s->repair, repair);
    __atomic_store_n(&s->repairs, cu_load32(&s->repairs) + 1, __ATOMIC_RELEASE);
    cu_eventfd_add(s->report);
}

static inline uint32_t cu_phase_of(const struct cu_queue_signals *s) {
    return __atomic_load_n(&s->phase, __ATOMIC_ACQUIRE);
}
static inline uint32_t cu_repairs_of(const struct cu_queue_signals *s) {
    return __atomic_load_n(&s->repairs, __ATOMIC_ACQUIRE);
}

static inline int cu_device_ending(const struct cu_queue_signals *s) { return cu_load32(s->ending) != 0; }
static inline void cu_signal_ending(struct cu_queue_signals *s) {
    cu_store32(s->ending, 1);
    cu_signal(s, CU_PHASE_ENDING, 0);
}

static inline void cu_prep_wake(struct io_uring_sqe *sqe, int file_index, struct cu_queue_signals *s,
                                uint64_t user_data) {
    io_uring_prep_read(sqe, file_index, &s->wake_value, sizeof(s->wake_value), 0);
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = user_data;
}

// A look at the age of the requests below, four times in the limit.
static inline void cu_prep_tick(struct io_uring_sqe *sqe, struct cu_queue_signals *s, uint64_t user_data) {
    uint64_t ns = cu_load64(&s->request_limit_ns) / 4;
    s->tick.tv_sec = ns / 1000000000;
    s->tick.tv_nsec = ns % 1000000000;
    io_uring_prep_timeout(sqe, &s->tick, 0, 0);
    sqe->user_data = user_data;
}

static inline void cu_prep_rest(struct io_uring_sqe *sqe, struct cu_queue_signals *s, uint64_t user_data) {
    s->rest.tv_sec = CU_REST_S;
    s->rest.tv_nsec = 0;
    io_uring_prep_timeout(sqe, &s->rest, 0, 0);
    sqe->user_data = user_data;
}

static inline void cu_prep_grace(struct io_uring_sqe *sqe, struct cu_queue_signals *s, uint64_t user_data) {
    s->grace.tv_sec = 0;
    s->grace.tv_nsec = CU_GRACE_NS;
    cu_prep_timeout(sqe, &s->grace, user_data);
}

#endif
