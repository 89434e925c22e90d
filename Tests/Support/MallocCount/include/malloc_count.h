// How often this thread has asked for memory so far: malloc, calloc, realloc and the aligned ones. For the
// budget tests; linked into the test program only.
#ifndef MALLOC_COUNT_H
#define MALLOC_COUNT_H

#include <stdint.h>

uint64_t malloc_count(void);

#endif
