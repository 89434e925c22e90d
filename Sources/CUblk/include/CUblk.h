// The C floor of ublkd, one prefix (cu_): the ublk ABI, the shared status page, ring helpers that the
// queue loop inlines, and the system calls that Swift cannot make itself.
//
// libc headers stand before liburing.h: it defines _XOPEN_SOURCE, and what it reaches first would differ
// from what Swift's Glibc module saw.
#ifndef CUBLK_H
#define CUBLK_H

#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <liburing.h>

#include "abi.h"
#include "status_page.h"
#include "ring.h"
#include "sys.h"
#include "sockets.h"
#include "meter.h"
#include "worker_sys.h"
#include "queue_signals.h"
#include "test_points.h"

#endif
