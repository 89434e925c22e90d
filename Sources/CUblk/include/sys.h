// System calls that Swift cannot make: variadic, computed by macros, or between clone and exec. Everything
// returns a value or -errno; nothing sets errno for the caller to read.
#ifndef CUBLK_SYS_H
#define CUBLK_SYS_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

static inline uint64_t cu_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

#endif
