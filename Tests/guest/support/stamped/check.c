// The checker: reads the whole region and compares it with the log. Also what looks at one block, or at a log.
#include "stamped.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#define SHOWN_FAULTS 20u
#define PIECE 64u // blocks read at once

int device_open(const char *path, int flags)
{
    int fd = open(path, flags | O_DIRECT | O_CLOEXEC);
    if (fd < 0 && errno == EINVAL)
        fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        warn("%s", path);
    return fd;
}

uint64_t device_blocks(int fd)
{
    struct stat status;
    uint64_t bytes = 0;
    if (fstat(fd, &status))
        return 0;
    if (S_ISBLK(status.st_mode) && !ioctl(fd, BLKGETSIZE64, &bytes))
        return bytes / BLOCK_BYTES;
    return S_ISREG(status.st_mode) ? (uint64_t)status.st_size / BLOCK_BYTES : 0;
}

// Reads `count` blocks; false unless all of it came.
static bool read_blocks(int fd, struct block *buffer, uint64_t number, uint64_t count)
{
    size_t length = count * BLOCK_BYTES;
    ssize_t got;
    do
        got = pread(fd, buffer, length, (off_t)(number * BLOCK_BYTES));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)length;
}

struct tally {
    uint64_t faults[FAULT_KINDS], bad, written, least, later;
};

static void check_block(const struct book *book, uint32_t block, const struct block *found, bool durable_only,
                        struct tally *tally)
{
    uint64_t least = durable_only ? book->durable[block] : book->acked[block];
    enum fault fault = found ? book_judge(book, block, least, found) : FAULT_UNREADABLE;
    tally->least += least > 0;
    if (fault == FAULT_NONE) {
        tally->written += !block_is_blank(found);
        tally->later += !block_is_blank(found) && found->sequence > least;
        return;
    }
    tally->faults[fault]++;
    if (tally->bad++ < SHOWN_FAULTS) {
        char line[320];
        fault_line(line, sizeof line, book, block, least, fault, found);
        printf("%s\n", line);
    }
}

int stamped_check(const char *device, const char *log, bool durable_only)
{
    static struct book book;
    struct tally tally = {0};
    struct block *buffer = aligned_alloc(BLOCK_BYTES, (size_t)PIECE * BLOCK_BYTES);
    char counts[200];
    bool cut;
    int fd = device_open(device, O_RDONLY);
    if (fd < 0 || !book_load(&book, log, &cut))
        return ENDED_UNABLE;
    if (!buffer)
        err(ENDED_UNABLE, "memory");
    for (uint64_t at = 0; at < book.blocks; at += PIECE) {
        uint64_t count = book.blocks - at < PIECE ? book.blocks - at : PIECE;
        bool all = read_blocks(fd, buffer, book.first + at, count);
        for (uint64_t index = 0; index < count; index++) {
            // One unreadable block is not to hide the others
            bool there = all || read_blocks(fd, &buffer[index], book.first + at + index, 1);
            check_block(&book, (uint32_t)(at + index), there ? &buffer[index] : NULL, durable_only, &tally);
        }
    }
    fault_counts(counts, sizeof counts, tally.faults);
    printf("stamped check: blocks=%" PRIu64 " must=%" PRIu64 " written=%" PRIu64 " unacknowledged=%" PRIu64
           " issued=%" PRIu64 " acknowledged=%" PRIu64 " covered=%" PRIu64 " generations=%u%s%s\n",
           book.blocks, tally.least, tally.written, tally.later, book.issued, book.acks, book.flushed, book.generation,
           book.ended ? "" : cut ? " end=cut" : " end=killed", counts);
    if (!tally.least) {
        // Whatever the device holds would do
        printf("stamped check: nothing in %s must be there, so nothing was checked\n", log);
        return ENDED_FAULTY;
    }
    return tally.bad ? ENDED_FAULTY : ENDED_WELL;
}

int stamped_show(const char *device, uint64_t number)
{
    struct block *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
    char uuid[37];
    int fd = device_open(device, O_RDONLY);
    if (fd < 0 || !block)
        return ENDED_UNABLE;
    if (!read_blocks(fd, block, number, 1)) {
        warn("block %" PRIu64 " of %s", number, device);
        return ENDED_UNABLE;
    }
    if (!block_has_magic(block)) {
        printf("block=%" PRIu64 " %s\n", number, block_is_blank(block) ? "blank" : "unstamped");
        return ENDED_WELL;
    }
    uuid_text(block->uuid, uuid);
    printf("block=%" PRIu64 " number=%" PRIu64 " sequence=%" PRIu64 " generation=%" PRIu64 " uuid=%s whole=%s\n", number,
           block->number, block->sequence, block->generation, uuid, block_is_whole(block) ? "yes" : "no");
    return ENDED_WELL;
}

int stamped_log(const char *log)
{
    static const char *const names[] = {"?", "uuid", "start", "issued", "acked", "failed", "flushed", "end"};
    FILE *file = fopen(log, "re");
    struct record record;
    if (!file) {
        warn("%s", log);
        return ENDED_UNABLE;
    }
    while (fread(&record, sizeof record, 1, file) == 1)
        printf("%.6f %s %" PRIu64 " %" PRIu64 " generation=%u%s%s\n", (double)record.time / 1e9,
               record.kind <= RECORD_END ? names[record.kind] : "?", record.first, record.second, record.generation,
               record.flags & RECORD_FUA ? " fua" : "", record.check == record_check(&record) ? "" : " broken");
    fclose(file);
    return ENDED_WELL;
}
