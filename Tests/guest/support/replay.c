// replay LOG DISK MARK: writes to DISK what a dm-log-writes target has in LOG up to MARK, in its order: what was on its disk
// for good by then. A write that no FLUSH had followed is not in the log, as it is not on a disk that lost its power.
// The layout of LOG: Documentation/admin-guide/device-mapper/log-writes.rst, drivers/md/dm-log-writes.c.
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x6a736677736872ull
enum { FLUSH = 1, FUA = 2, DISCARD = 4, MARK = 8 };

struct super {
    uint64_t magic, version, entries;
    uint32_t sector_size;
};

struct entry {
    uint64_t sector, sectors, flags, data_bytes;
};

static void read_all(int fd, void *buffer, size_t bytes, uint64_t offset, const char *what)
{
    if (pread(fd, buffer, bytes, (off_t)offset) != (ssize_t)bytes)
        err(1, "%s at %llu", what, (unsigned long long)offset);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "replay LOG DISK MARK");
    int log = open(argv[1], O_RDONLY | O_CLOEXEC), disk = open(argv[2], O_WRONLY | O_CLOEXEC);
    if (log < 0 || disk < 0)
        err(1, "%s", log < 0 ? argv[1] : argv[2]);
    struct super super;
    read_all(log, &super, sizeof super, 0, "the head of the log");
    uint64_t size = le32toh(super.sector_size), offset = size, writes = 0, flushes = 0, marked = 0;
    if (le64toh(super.magic) != MAGIC || size < 512 || size > 4096)
        errx(1, "%s is no log", argv[1]);
    for (uint64_t number = 0; number < le64toh(super.entries) && !marked; number++) {
        char sector[4096];
        struct entry entry;
        read_all(log, sector, size, offset, "an entry");
        memcpy(&entry, sector, sizeof entry);
        offset += size;
        uint64_t flags = le64toh(entry.flags), bytes = le64toh(entry.sectors) * size;
        uint64_t at = le64toh(entry.sector) * size, text = le64toh(entry.data_bytes);
        if (flags & MARK) {
            if (text < size - sizeof entry && text == strlen(argv[3]) && !memcmp(sector + sizeof entry, argv[3], text))
                marked = 1;
            continue;
        }
        if (flags & FLUSH)
            flushes++;
        if (flags & DISCARD || !bytes)
            continue;
        char *data = malloc(bytes);
        if (!data)
            err(1, "memory");
        read_all(log, data, bytes, offset, "data");
        if (pwrite(disk, data, bytes, (off_t)at) != (ssize_t)bytes)
            err(1, "%s at %llu", argv[2], (unsigned long long)at);
        free(data);
        offset += bytes;
        writes++;
    }
    if (!marked)
        errx(1, "%s has no mark '%s'", argv[1], argv[3]);
    if (fsync(disk))
        err(1, "%s", argv[2]);
    printf("%llu writes, %llu flushes\n", (unsigned long long)writes, (unsigned long long)flushes);
    return 0;
}
