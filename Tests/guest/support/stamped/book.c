#include "book.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS_LIMIT (1u << 28)

const char *const fault_names[FAULT_KINDS] = {"none",      "lost",     "older",     "torn",      "foreign",
                                              "misplaced", "unissued", "unstamped", "unreadable"};

uint64_t record_check(const struct record *record)
{
    uint64_t state = 0x5374616d70656421u ^ record->kind ^ (uint64_t)record->flags << 8 ^ (uint64_t)record->generation << 32;
    state = mix(&state) ^ record->first;
    state = mix(&state) ^ record->second;
    state = mix(&state) ^ record->time;
    return mix(&state);
}

static void *grown(void *array, size_t count, size_t size)
{
    array = realloc(array, count * size);
    if (!array)
        err(3, "no memory for a log with %zu writes", count);
    return array;
}

static void make_room(struct book *book)
{
    if (book->issued + 2 < book->room)
        return;
    book->room = book->room ? book->room * 2 : 1 << 16;
    book->block_of = grown(book->block_of, book->room, sizeof *book->block_of);
    book->generation_of = grown(book->generation_of, book->room, sizeof *book->generation_of);
    book->acked_order = grown(book->acked_order, book->room, sizeof *book->acked_order);
}

static const char *begin_run(struct book *book, const struct record *record)
{
    if (!book->named)
        return "a run of no device";
    if (record->second == 0 || record->second > BLOCKS_LIMIT)
        return "a region of no or too many blocks";
    if (book->begun && (book->first != record->first || book->blocks != record->second))
        return "a run over another region";
    if (!book->begun) {
        book->first = record->first;
        book->blocks = record->second;
        book->acked = calloc(book->blocks, sizeof *book->acked);
        book->durable = calloc(book->blocks, sizeof *book->durable);
        if (!book->acked || !book->durable)
            err(3, "no memory for %" PRIu64 " blocks", book->blocks);
    }
    if (record->generation != book->generation + 1)
        return "a run out of order";
    book->begun = true;
    book->ended = false;
    book->generation = record->generation;
    return NULL;
}

static const char *name_device(struct book *book, const struct record *record)
{
    uint8_t uuid[16];
    memcpy(uuid, &record->first, 8);
    memcpy(uuid + 8, &record->second, 8);
    if (book->named && memcmp(uuid, book->uuid, 16))
        return "a run of another device";
    memcpy(book->uuid, uuid, 16);
    book->named = true;
    return NULL;
}

static const char *acknowledge(struct book *book, uint32_t block, uint64_t sequence, bool fua)
{
    if (sequence <= book->acked[block])
        return "an answer to a write that was answered, or after that of a later one";
    book->acked[block] = sequence;
    book->acked_order[book->acks++] = sequence;
    if (sequence > book->highest_acked)
        book->highest_acked = sequence;
    if (fua) {
        book->fuas++;
        book->durable[block] = sequence;
    }
    return NULL;
}

static const char *flush(struct book *book, uint64_t covered)
{
    if (covered > book->acks)
        return "a FLUSH that covers what was not answered";
    for (; book->flushed < covered; book->flushed++) {
        uint64_t sequence = book->acked_order[book->flushed];
        uint64_t *durable = &book->durable[book->block_of[sequence]];
        if (sequence > *durable)
            *durable = sequence;
    }
    book->flushes++;
    return NULL;
}

static const char *apply(struct book *book, const struct record *record)
{
    uint64_t block = record->first - book->first, sequence = record->second;
    if (record->kind == RECORD_UUID)
        return name_device(book, record);
    if (record->kind == RECORD_START)
        return begin_run(book, record);
    if (!book->begun || record->generation != book->generation)
        return "no run begun";
    if (record->kind == RECORD_FLUSHED)
        return flush(book, record->first);
    if (record->kind == RECORD_END) {
        book->ended = true;
        return NULL;
    }
    if (block >= book->blocks)
        return "a block outside the region";
    if (record->kind == RECORD_ISSUED) {
        if (sequence != book->issued + 1)
            return "a sequence left out";
        make_room(book);
        book->issued = sequence;
        book->block_of[sequence] = (uint32_t)block;
        book->generation_of[sequence] = record->generation;
        return NULL;
    }
    if (sequence == 0 || sequence > book->issued || book->block_of[sequence] != block)
        return "an answer to a write that was not issued";
    switch (record->kind) {
    case RECORD_ACKED:
        return acknowledge(book, (uint32_t)block, sequence, record->flags & RECORD_FUA);
    case RECORD_FAILED:
        book->failures++;
        return NULL;
    default:
        return "no such record";
    }
}

bool book_apply(struct book *book, const struct record *record, const char **why)
{
    *why = apply(book, record);
    return !*why;
}

bool book_load(struct book *book, const char *path, bool *cut)
{
    FILE *file = fopen(path, "re");
    struct record record;
    uint64_t count = 0;
    size_t got;
    memset(book, 0, sizeof *book);
    *cut = false;
    if (!file) {
        warn("%s", path);
        return false;
    }
    while ((got = fread(&record, 1, sizeof record, file)) == sizeof record) {
        const char *why = "its checksum is wrong";
        if (record.check != record_check(&record) || !book_apply(book, &record, &why)) {
            warnx("%s: record %" PRIu64 ": %s", path, count, why);
            fclose(file);
            return false;
        }
        count++;
    }
    *cut = got > 0;
    if (ferror(file)) {
        warn("%s", path);
        fclose(file);
        return false;
    }
    fclose(file);
    return true;
}

enum fault book_judge(const struct book *book, uint32_t block, uint64_t least, const struct block *found)
{
    if (block_is_blank(found))
        return least ? FAULT_LOST : FAULT_NONE;
    if (!block_has_magic(found))
        return FAULT_UNSTAMPED;
    if (!block_is_whole(found))
        return FAULT_TORN;
    if (memcmp(found->uuid, book->uuid, 16))
        return FAULT_FOREIGN;
    if (found->number != book->first + block)
        return FAULT_MISPLACED;
    if (found->sequence == 0 || found->sequence > book->issued || book->block_of[found->sequence] != block ||
        book->generation_of[found->sequence] != found->generation)
        return FAULT_UNISSUED;
    return found->sequence < least ? FAULT_OLDER : FAULT_NONE;
}

// Which of the 512-byte sectors are as the write in the block's head has them, as a row of "+" and "-".
static void sectors_text(const struct block *found, char text[9])
{
    struct block whole;
    block_stamp(&whole, found->uuid, found->number, found->sequence, found->generation);
    for (int sector = 0; sector < 8; sector++)
        text[sector] = memcmp((char *)&whole + sector * 512, (const char *)found + sector * 512, 512) ? '-' : '+';
    text[8] = 0;
}

void fault_line(char *line, size_t size, const struct book *book, uint32_t block, uint64_t least, enum fault fault,
                const struct block *found)
{
    char uuid[37], sectors[9], what[160] = "";
    switch (fault) {
    case FAULT_LOST:
        snprintf(what, sizeof what, "found nothing");
        break;
    case FAULT_UNSTAMPED:
        snprintf(what, sizeof what, "found no stamp, first bytes %016" PRIx64, *(const uint64_t *)(const void *)found);
        break;
    case FAULT_TORN:
        sectors_text(found, sectors);
        snprintf(what, sizeof what, "found sequence %" PRIu64 " in its head, sectors %s", found->sequence, sectors);
        break;
    case FAULT_FOREIGN:
        uuid_text(found->uuid, uuid);
        snprintf(what, sizeof what, "found sequence %" PRIu64 " of device %s", found->sequence, uuid);
        break;
    case FAULT_MISPLACED:
        snprintf(what, sizeof what, "found block %" PRIu64 ", sequence %" PRIu64, found->number, found->sequence);
        break;
    case FAULT_UNREADABLE:
        snprintf(what, sizeof what, "could not be read");
        break;
    default:
        snprintf(what, sizeof what, "found sequence %" PRIu64 " of generation %" PRIu64, found->sequence, found->generation);
        break;
    }
    snprintf(line, size, "block %" PRIu64 " %s: %s, expected sequence %" PRIu64 "%s", book->first + block,
             fault_names[fault], what, least, least ? " or a later one" : " (none acknowledged)");
}

void fault_counts(char *line, size_t size, const uint64_t counts[FAULT_KINDS])
{
    uint64_t sum = 0;
    for (int kind = 1; kind < FAULT_KINDS; kind++)
        sum += counts[kind];
    int used = snprintf(line, size, " faults=%" PRIu64, sum);
    for (int kind = 1; kind < FAULT_KINDS; kind++)
        used += snprintf(line + used, size - (size_t)used, " %s=%" PRIu64, fault_names[kind], counts[kind]);
}
