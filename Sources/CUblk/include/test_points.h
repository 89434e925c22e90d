// Kill-points and stall-points: places in worker, agent and ublkd where a test can make something happen to
// the process that comes by. Only builds with UBLKD_TEST_POINTS have them.
#ifndef CUBLK_TEST_POINTS_H
#define CUBLK_TEST_POINTS_H

// Comes by the point `name`. A file NAME.ACTION in /run/ublkd-points is taken away and acted on, once;
// NAME.ACTION.2 to .4 are for further times:
//   kill    SIGKILL to this process       segv   a crash of this process
//   stop    SIGSTOP to this process       exit   _exit(3); exit1, exit0 likewise
//   trap    an illegal instruction        abrt   abort()
//   hold    this thread waits for ever    spin   this thread works for ever
//   leave   this thread ends              delay  half a second
// The folder is opened when the process starts, so it must exist before, and be writable by everybody.
void cu_test_point(const char *name);

// Takes a file `name` in that folder away: whether it was there.
#ifdef UBLKD_TEST_POINTS
int cu_test_armed(const char *name);
#else
static inline int cu_test_armed(const char *name) { return 0; }
#endif

// Takes the fence out where `worker.unfenced` is armed: from then on this process uses /dev/ublkcN, open as `device`, by
// a plain descriptor, and its rings' tables get what this returns instead. The driver lets go of such a worker
// without waiting for its last write. Otherwise: `device`.
int cu_fenced_device(int device);
// The plain descriptor; -1: the fence stands.
int cu_unfenced_device(void);

#endif
