// Unix stream sockets, their peers, and locks on files.
#ifndef CUBLK_SOCKETS_H
#define CUBLK_SOCKETS_H

#include <stdint.h>

// A listening socket at `path` with this mode. A socket file that nobody listens on is replaced; one with a
// listener is -EADDRINUSE; anything else there is -ENOTSOCK and stays.
int cu_unix_listen(const char *path, unsigned mode, int backlog);
// A connection, nonblocking and close-on-exec; -EAGAIN: none waits.
int cu_unix_accept(int fd);
// Who connected (SO_PEERCRED).
int cu_peer(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid);
// Its supplementary groups at that time (SO_PEERGROUPS): how many; -ERANGE: more than `room`.
int cu_peer_groups(int fd, uint32_t *groups, unsigned room);
// An exclusive lock on the whole open file (OFD, so the kernel knows no holder). 0: taken; -EAGAIN: another
// open file has it.
int cu_lock(int fd);
// User and group by name: 0, or -ENOENT.
int cu_user(const char *name, uint32_t *uid, uint32_t *gid);
int cu_group(const char *name, uint32_t *gid);

#endif
