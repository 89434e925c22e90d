// System calls of the worker: what its start needs once, and the few that a target makes while it serves.
// Everything returns a value or -errno.
#ifndef CUBLK_WORKER_SYS_H
#define CUBLK_WORKER_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// ---- the process (worker_sys.c) -------------------------------------------------------------------------

// No core dump, no ptrace: a dying worker must not wait for a dump handler.
int cu_worker_undumpable(void);
// Writeback of this process's own allocations must not wait for the device it serves. Needs
// CAP_SYS_RESOURCE; inherited by the threads made later.
int cu_worker_io_flusher(void);
// Name of the calling thread (of the process, for the main one); cut to 15 bytes.
// From now on the end of this thread is the end of the process, with this exit status, until it is released.
void cu_guard_thread(int status);
void cu_release_thread(void);

int cu_thread_name(const char *name);
// Only SIGKILL and a fault end a worker: every signal is held back, and a fault kills at once, with no handler
// of a language runtime in between.
int cu_refuse_signals(void);
// Unlimited locked memory, no core file.
int cu_worker_limits(void);
// Locks what is resident and everything later on first touch.
int cu_lock_memory(void);
// A mount namespace of our own that still receives the host's unmounts.
int cu_private_mounts(void);
// Takes every mount out of this namespace; open files and folders stay usable. -EPERM, and nothing done,
// unless cu_private_mounts succeeded: it would take them from the host.
int cu_detach_mounts(void);
// Nothing to gain by exec, for the caller and the threads that it makes: no_new_privs, an empty bounding set.
int cu_bar_privileges(void);
// The calling thread alone: supplementary groups, group, user, then every capability, for good. The kernel
// forgets with it that the process is not to be dumped, so that is said again.
int cu_drop_thread_privileges(uint32_t uid, uint32_t gid);
// The precedence that ublkd hands to its children: `nice` -10 goes before ordinary programs and after ublkd, 0
// schedules a queue like any program. Of the calling thread.
int cu_thread_nice(int nice);
// CPUs of the calling thread. Numbers the kernel does not know are left out; none left is -EINVAL.
int cu_thread_cpus(int thread, const int32_t *cpus, uint32_t count);
int cu_thread_id(void);
// 1: SOCK_SEQPACKET socket, 0: something else.
int cu_is_record_socket(int fd);

// ---- descriptors ----------------------------------------------------------------------------------------

int cu_eventfd(void);
int cu_eventfd_add(int fd);
// Waits until the counter is not zero and clears it.
int cu_eventfd_wait(int fd);
// open(2), without its reads changing the file's time of access where that may be asked for: in a file system that is slow,
// such a change would keep a queue thread, and not only its request, waiting.
int cu_open_no_atime(const char *path, int flags);
// Opens for reading and writing, close-on-exec, without waiting for a peer or carrier. `flags`: CU_OPEN_*.
int cu_open_backend(const char *path, int flags);
// A folder to open files in later, when its mount may be detached.
int cu_open_folder(const char *path);
int cu_open_in(int folder, const char *name);
// Direct I/O on or off; -EINVAL where the file has none.
int cu_set_direct(int fd, int on);
// `fd` at exactly `number`, close-on-exec.
int cu_place_descriptor(int fd, int number);
// poll(2) for input on two descriptors. Bit 0: first readable or hung up, bit 1: second; 0: the time is over.
int cu_wait_either(int first, int second, int timeout_ms);

// ---- text of the kernel ---------------------------------------------------------------------------------

// Up to `capacity` bytes of a file under /proc or /sys; bytes read.
int64_t cu_read_text(const char *path, char *out, size_t capacity);
int64_t cu_write_text(const char *path, const char *text);
int64_t cu_read_link(const char *path, char *out, size_t capacity);

// ---- memory ---------------------------------------------------------------------------------------------

// Zeroed pages, counted only once touched; NULL when refused. Small pages: a request of 4 KiB must not make
// 2 MiB resident.
void *cu_map_lazy(size_t bytes);
// Pages of such a mapping are untouched again, locked ones too (MADV_DONTNEED_LOCKED, Linux 5.18).
int cu_give_back(void *address, size_t bytes);
// 1: all of it is resident; 0: some of it is not; or -errno (mincore). Meant for locked memory: what was swapped out
// is not resident either.
int cu_is_resident(const void *address, size_t bytes);
// Shared and read-only; NULL when refused, with the reason in `error` as -errno.
const void *cu_map_shared(int fd, uint64_t offset, size_t bytes, int *error);
void cu_unmap(const void *address, size_t bytes);

// ---- backends -------------------------------------------------------------------------------------------

struct cu_file_facts {
    uint64_t device;   // st_dev
    uint64_t inode;
    uint64_t rdev;     // st_rdev
    uint64_t size;     // bytes: of the file, or of the block device
    uint32_t kind;     // S_IFMT bits of the mode
    uint32_t block;    // st_blksize
    uint32_t logical;  // block device: bytes of a logical block
    uint32_t physical; // block device: bytes of a physical block
    uint32_t optimal;  // block device: preferred request, 0 if it names none
    uint32_t dio_known;    // the kernel told the alignment of direct I/O
    uint32_t dio_offset;   // bytes; 0 with dio_known: no direct I/O on this file
    uint32_t dio_memory;   // bytes
};

int cu_file_facts(int fd, struct cu_file_facts *out);
int cu_path_facts(const char *path, struct cu_file_facts *out);
// Text of `name` in the queue directory of the disk that `device` is, or is a partition of; bytes read.
int64_t cu_queue_attribute(uint64_t device, const char *name, char *out, size_t capacity);
// A lock of the open file description, so it lives as long as the last reference to it, rings included.
int cu_lock_file(int fd, int exclusive);
int cu_grow_file(int fd, uint64_t size);
int cu_sync_file(int fd);
int cu_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes);
int64_t cu_pread(int fd, void *buffer, size_t bytes, uint64_t offset);
int64_t cu_pwrite(int fd, const void *buffer, size_t bytes, uint64_t offset);
// Reads `bytes` at 0 into memory aligned to a page, to learn whether direct I/O takes that size.
int cu_try_read(int fd, uint32_t bytes);

enum cu_open_flags {
    CU_OPEN_READ_ONLY = 1,
    CU_OPEN_CREATE = 2,    // a new file or EEXIST
    CU_OPEN_EXCLUSIVE = 4, // block device: EBUSY when another holds it so
};

#define CU_PUNCH_HOLE 0x03 // PUNCH_HOLE | KEEP_SIZE
#define CU_ZERO_RANGE 0x11 // ZERO_RANGE | KEEP_SIZE
#define CU_WRITE_DSYNC 0x02 // RWF_DSYNC

#endif
